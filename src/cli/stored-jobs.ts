/** Tells which jobs were stored, in the form that the flags ask for. */
import type { InsertResult } from '../store/store.js';
import type { Output } from './output/output.js';
import { ReaderGone } from './output/print.js';

/** The fields of what `enqueue --json` prints. */
export const STORED_FIELDS = ['id', 'state', 'existed'] as const;

const MOST_IDS_NAMED = 5;

export function printStored(output: Output, result: InsertResult): void {
  if (output.json) output.object(storedJson(result));
  else if (output.quiet) output.line(result.id);
  else if (result.outcome === 'inserted') output.say(`✅ Job enqueued successfully. ID: ${result.id}`);
  else output.say(`Job ${result.id} exists already; it was left as it is.`);
}

/** The same for many: each as it is stored, and one sentence for a person at the end. */
export class StoredJobs {
  readonly #output: Output;
  readonly #ids = new IdList();
  #inserted = 0;
  #existed = 0;
  #readerGone = false;

  constructor(output: Output) {
    this.#output = output;
  }

  add(results: readonly InsertResult[]): void {
    for (const result of results) {
      if (result.outcome === 'exists') this.#existed += 1;
      else {
        this.#inserted += 1;
        this.#ids.add(result.id);
      }
    }
    this.#print(results);
  }

  printSummary(): void {
    const existed = this.#existed === 0 ? '' : ` (${this.#existed} existed already)`;
    if (this.#inserted + this.#existed === 0) this.#output.note('there was no job to enqueue');
    else if (this.#inserted === 0) this.#output.say(`No new job${existed}.`);
    else if (this.#inserted === 1)
      this.#output.say(`✅ Job enqueued successfully. ID: ${this.#ids.text()}${existed}`);
    else
      this.#output.say(`✅ ${this.#inserted} jobs enqueued successfully. IDs: ${this.#ids.text()}${existed}`);
  }

  #print(results: readonly InsertResult[]): void {
    if (this.#readerGone) return;
    try {
      if (this.#output.json) this.#output.streamedAll(results.map(storedJson));
      else if (this.#output.quiet) this.#output.lines(results.map((result) => result.id));
    } catch (error) {
      // `| head` has seen enough, but the rest of the jobs is still to be stored.
      if (!(error instanceof ReaderGone)) throw error;
      this.#readerGone = true;
    }
  }
}

function storedJson(result: InsertResult): Record<string, unknown> {
  const state = result.outcome === 'inserted' ? result.state : null;
  return { id: result.id, state, existed: result.outcome === 'exists' };
}

/** "1-1000" or "7, build, 9-12": ids as ranges, the first few of them. */
class IdList {
  readonly #ranges: { from: string; to: string }[] = [];
  #more = false;

  add(id: string): void {
    const last = this.#ranges.at(-1);
    if (!this.#more && last !== undefined && /^\d+$/.test(id) && Number(id) === Number(last.to) + 1)
      last.to = id;
    else if (this.#ranges.length < MOST_IDS_NAMED) this.#ranges.push({ from: id, to: id });
    else this.#more = true;
  }

  text(): string {
    const words = this.#ranges.map(({ from, to }) => (from === to ? from : `${from}-${to}`));
    return [...words, ...(this.#more ? ['…'] : [])].join(', ');
  }
}
