/** Jobs of sessions that died: what is left of their processes is ended, then they run again. */
import { decide, heedCancel } from '../job/decide.js';
import type { ProcessingJob } from '../job/job.js';
import type { Outcome } from '../job/outcome.js';
import { endLeftovers } from '../launcher/leftovers.js';
import type { Leftovers } from '../launcher/leftovers.js';
import { bootId } from '../launcher/process-identity.js';
import { failpoint } from '../failpoint.js';
import { emit } from '../log.js';
import { collectOutput, removeFile } from '../output/collect.js';
import { logFile, noteFile } from '../output/log-file.js';
import type { DeadSession, FinishedRun, Store } from '../store/store.js';

/**
 * Any worker may do it, and two at once do no harm: what is dead may be killed twice, and the write that
 * moves a job on is fenced by the dead session, so that it happens once. `left`: dead, but still ending their jobs.
 */
export async function rescueDeadSessions(
  store: Store,
): Promise<{ readonly left: number; readonly rescued: number }> {
  const dead = await store.listDeadSessions(bootId());
  // A launcher that outlived its worker ends what ran, and knows better than anybody when all of it is gone.
  const over = dead.filter(({ isEnding }) => !isEnding);
  // Side by side: a job that ignores TERM takes a second to end, and must not hold up the others.
  await Promise.all(over.map((session) => rescueSession(store, session)));
  return { left: dead.length - over.length, rescued: over.length };
}

async function rescueSession(store: Store, dead: DeadSession): Promise<void> {
  const owned = await store.listOwned(dead.session);
  failpoint('rescue.before_kill');
  // After a reboot nothing is left, and a noted pid may be a stranger's.
  const leftovers =
    dead.cause === 'reboot'
      ? []
      : await Promise.all(owned.map(({ seq, run }) => endLeftovers(noteFile(store.runDir, seq, run))));
  const finished = await Promise.all(owned.map((job, index) => lostRun(store, job, dead, leftovers[index])));
  failpoint('rescue.after_kill');
  // It sent another beat meanwhile: it lives, and keeps what it has.
  if (!(await store.rescueSession(dead.session, finished, dead.beatMs))) return;
  failpoint('rescue.after_commit');
  for (const [index, job] of owned.entries()) {
    const run = finished[index];
    if (run === undefined) continue;
    removeFile(noteFile(store.runDir, job.seq, job.run));
    if (run.output !== null) removeFile(logFile(store.logsDir, job.seq, job.run));
    emit({ event: 'job.rescued', id: job.id, cause: dead.cause, to: run.transition.to });
  }
}

const REASONS: Readonly<Record<DeadSession['cause'], string>> = {
  crash: 'lost: its worker died',
  reboot: 'lost: the machine restarted',
  lease: 'lost: its worker was cut off',
  vanished: 'lost: the record of its worker vanished',
};

/**
 * A process is noted before it does anything: without a note, the job waited for a slot, or was about to start. A handler
 * leaves no note, but its jobs are never claimed ahead: each of them may have been what killed its program.
 */
const NEVER_STARTED = 'never started: its worker died';

async function lostRun(
  store: Store,
  job: ProcessingJob,
  { session, cause }: DeadSession,
  leftovers: Leftovers | undefined,
): Promise<FinishedRun> {
  // The note of a worker elsewhere lies elsewhere.
  const isNoted = leftovers?.note !== 'missing' || cause === 'lease';
  const hasStarted = isNoted || session.kind === 'run' || job.handler !== null;
  const outcome: Outcome = hasStarted
    ? { kind: 'lost', cause: cause === 'vanished' ? 'lease' : cause }
    : { kind: 'given_back', delayMs: 0 };
  const decided = decide({ ...job, attached: session.kind === 'run' }, outcome, Math.random());
  const transition = job.cancel === null ? decided : heedCancel(decided, outcome.kind);
  const output = await collectOutput(logFile(store.logsDir, job.seq, job.run));
  return {
    seq: job.seq,
    run: job.run,
    transition,
    outcome: outcome.kind,
    exitCode: null,
    signal: null,
    reason: hasStarted ? REASONS[cause] : NEVER_STARTED,
    outputBytes: output.bytes,
    output: output.inline,
  };
}
