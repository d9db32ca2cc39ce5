/** Where a run's output is: with the run, in a file of this machine, or in the parts that another machine has sent. */
import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Run } from './job/job.js';
import { logFile } from './output/log-file.js';
import { readInline, readOutput, readStored } from './output/read.js';
import type { OutputRecord } from './output/records.js';
import type { OutputSelection } from './output/selection.js';
import type { LogPart } from './log-part.js';
import type { StoredParts } from './output/stored-log.js';
import type { RunKey, Store } from './store/store.js';

/** `ended`: the run as it is stored; null while it goes on. */
export async function* readRunOutput(
  store: Store,
  { seq, run }: RunKey,
  ended: Run | null,
  selection: OutputSelection,
): AsyncGenerator<OutputRecord, void, undefined> {
  const inline = ended?.output ?? null;
  if (inline !== null) return yield* readInline(inline, selection);
  // First the file: it is removed once all of it was sent.
  if (yield* readOutput(logFile(store.logsDir, seq, run), selection)) return;
  const parts = new RunParts(store, { seq, run });
  const hasParts = yield* readStored(parts, selection);
  if (ended !== null) yield* parts.missing(hasParts || ended.outputBytes > 0);
}

/** A worker that lives sends what its runs printed, sooner or later; one that is gone may never. */
const LOOK_AGAIN_MS = 250;

/** The parts of a run's log; none in a store that needs none. */
export class RunParts implements StoredParts {
  readonly #store: Store;
  readonly #key: RunKey;
  #inline: LogPart | null = null;

  constructor(store: Store, key: RunKey) {
    this.#store = store;
    this.#key = key;
  }

  async read(
    offset: number,
    cutAt: number | null,
    most: number,
  ): Promise<{ readonly parts: readonly LogPart[]; readonly cut: LogPart | null }> {
    if (this.#inline !== null) return { parts: [this.#inline], cut: null };
    const found = await this.#store.logs?.readParts(this.#key, offset, cutAt, most);
    return found ?? { parts: [], cut: null };
  }

  async list(): Promise<readonly Omit<LogPart, 'bytes'>[]> {
    if (this.#inline !== null) return [this.#inline];
    return (await this.#store.logs?.listParts(this.#key)) ?? [];
  }

  /** After the run's end: resolves once all of it is here, or will never be. What was stored with the run is the same log. */
  async arrived({ output }: Run, signal: AbortSignal): Promise<void> {
    if (output !== null) {
      this.#inline = { at: 0, bytes: output, lastUs: Infinity, printed: 0, resumeAt: null };
      return;
    }
    while (!signal.aborted && (await this.#isComing())) await sleep(LOOK_AGAIN_MS);
  }

  async #isComing(): Promise<boolean> {
    const { logs } = this.#store;
    return (
      logs !== null && (await logs.progressOf(this.#key)) === 'coming' && !(await this.#isOfThisMachine())
    );
  }

  async #isOfThisMachine(): Promise<boolean> {
    const found = await stat(logFile(this.#store.logsDir, this.#key.seq, this.#key.run)).catch(() => null);
    return found !== null;
  }

  /** A word where a run that is over has printed more than is here, and its worker is gone. */
  async *missing(hasPrinted: boolean): AsyncGenerator<OutputRecord, void, undefined> {
    const { logs } = this.#store;
    if (logs === null || !hasPrinted || this.#inline !== null) return;
    // First the file: it is removed once all of it was sent.
    if (await this.#isOfThisMachine()) return;
    const progress = await logs.progressOf(this.#key);
    if (progress === 'whole') return;
    const text =
      progress === 'coming'
        ? 'the end of this log is on its way from the machine that ran the job'
        : 'the end of this log is missing: a worker on the machine that ran the job would send it';
    yield { kind: 'remark', timeUs: Date.now() * 1000, text };
  }
}
