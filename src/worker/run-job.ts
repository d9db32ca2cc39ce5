/** One job, from its claim to the report of its end. */
import { randomBytes } from 'node:crypto';
import { troubleDelayMs } from '../job/backoff.js';
import { decide } from '../job/decide.js';
import type { ProcessingJob } from '../job/job.js';
import { failpoint } from '../failpoint.js';
import { toOutcome } from '../job/outcome.js';
import type { Launcher, LaunchSpec, RunTimes } from '../launcher/launcher.js';
import { collectOutput, removeFile } from '../output/collect.js';
import { logFile, noteFile } from '../output/log-file.js';
import type { FinishedRun, Store } from '../store/store.js';
import { jobEnvironment } from './job-environment.js';
import { processOptions, withUser } from './process-options.js';

export interface RunContext {
  readonly store: Store;
  readonly launcher: Launcher;
  /** From inheritedEnvironment. */
  readonly environment: Readonly<Record<string, string>>;
  /** What it means that our signal ended the run; asked once it has. */
  readonly stoppedFor: () => 'cancelled' | 'given_back';
  /** The job belongs to this process and must not be rerun by others. */
  readonly attached: boolean;
  readonly onOutput?: LaunchSpec['onOutput'];
  /** Where the launcher keeps runs that wait for a place. */
  readonly whenStarted?: Pick<LaunchSpec, 'places' | 'onStarted' | 'onEnded'>;
  /** The most that is kept of what the run prints. */
  readonly maxOutputBytes?: number | undefined;
}

/** The launcher refused this many starts in a row, all jobs together: the machine is in trouble, not the job. */
let troubles = 0;

/** A run that has ended, and whether its log is in a file. */
export interface EndedRun extends FinishedRun {
  /** Set with each report. */
  startedMsAgo: number | undefined;
  /** Where its launcher could tell. */
  readonly times: RunTimes | null;
  readonly hasLogFile: boolean;
  /** A process is noted in a file; a handler's run is not. */
  readonly isNoted: boolean;
}

/** Never rejects for a failed command. The signal ends the run, as a launcher's does. */
export async function runJob(
  job: ProcessingJob,
  context: RunContext,
  signal: AbortSignal,
): Promise<EndedRun> {
  const spec = launchSpec(job, context);
  const asked = withUser(spec, job);
  const exit = 'cause' in asked ? asked : await context.launcher.run(asked, signal);
  failpoint('run.after_exit');
  troubles = exit.cause === 'no_resources' ? troubles + 1 : 0;
  const outcome = toOutcome(
    { ...exit, cpuLimitMs: job.cpuLimitMs },
    context.stoppedFor(),
    troubleDelayMs(troubles),
  );
  const transition = decide({ ...job, attached: context.attached }, outcome, Math.random());
  const output = exit.output ?? (await collectOutput(spec.outputFile));
  return {
    seq: job.seq,
    run: job.run,
    transition,
    outcome: outcome.kind,
    exitCode: exit.exitCode,
    signal: exit.signal,
    reason: 'reason' in outcome ? outcome.reason : exit.message,
    usage: exit.usage,
    outputBytes: output.bytes,
    output: output.inline,
    startedMsAgo: undefined,
    times: exit.times ?? null,
    hasLogFile: exit.output?.hasFile ?? true,
    isNoted: true,
  };
}

/** What a run left in files, once its end is stored; not before, for until then it is the only copy. */
export function cleanUp(store: Store, finished: EndedRun): void {
  removeNote(store, finished);
  if (finished.output !== null && finished.hasLogFile)
    removeFile(logFile(store.logsDir, finished.seq, finished.run));
}

const TOKEN_BYTES = 16;
let random = Buffer.alloc(0);

/** Many at a time: asking the system for few random bytes costs as much as for many. */
function nextToken(): string {
  if (random.length === 0) random = randomBytes(256 * TOKEN_BYTES);
  const token = random.toString('hex', 0, TOKEN_BYTES);
  random = random.subarray(TOKEN_BYTES);
  return token;
}

export function removeNote(store: Store, { seq, run, isNoted }: EndedRun): void {
  if (isNoted) removeFile(noteFile(store.runDir, seq, run));
}

function launchSpec(
  job: ProcessingJob,
  { store, environment, onOutput, maxOutputBytes, whenStarted }: RunContext,
): LaunchSpec {
  const token = nextToken();
  return {
    command: typeof job.command === 'string' ? { shell: job.command } : { argv: job.command ?? [] },
    cwd: job.cwd,
    env: jobEnvironment(job, store, token),
    sharedEnv: environment,
    token,
    timeoutMs: job.timeoutMs,
    graceMs: job.graceMs,
    outputFile: logFile(store.logsDir, job.seq, job.run),
    noteFile: noteFile(store.runDir, job.seq, job.run),
    ...processOptions(job),
    ...(maxOutputBytes !== undefined && { capBytes: maxOutputBytes }),
    ...(onOutput !== undefined && { onOutput }),
    ...whenStarted,
  };
}
