/** One job, from its claim to the report of its end. */
import { randomBytes } from 'node:crypto';
import { troubleDelayMs } from '../job/backoff.js';
import { decide } from '../job/decide.js';
import type { ProcessingJob } from '../job/job.js';
import { failpoint } from '../failpoint.js';
import { toOutcome } from '../job/outcome.js';
import type { Outcome } from '../job/outcome.js';
import type { Launcher, LaunchSpec, RunTimes } from '../launcher/launcher.js';
import type { StopSource } from '../launcher/stop.js';
import { collectOutput, removeFile } from '../output/collect.js';
import { logFile, noteFile } from '../output/log-file.js';
import type { FinishedRun, Store } from '../store/store.js';
import { jobEnvironment } from './job-environment.js';
import type { LogUploads } from './log-uploads.js';
import type { NoteDrafts } from './note-drafts.js';
import { processOptions, withUser } from './process-options.js';

/** Where runs leave files. */
export interface RunFiles {
  readonly store: Store;
  readonly notes: NoteDrafts;
  /** Null: what runs print need not be sent anywhere. */
  readonly uploads: LogUploads | null;
}

export interface RunContext {
  readonly files: RunFiles;
  readonly launcher: Launcher;
  /** From inheritedEnvironment. */
  readonly environment: Readonly<Record<string, string>>;
  /** What it means that our signal ended the run; asked once it has. */
  readonly stoppedFor: () => 'cancelled' | 'given_back';
  /** The job belongs to this process and must not be rerun by others. */
  readonly attached: boolean;
  readonly onOutput?: LaunchSpec['onOutput'];
  /** Where the launcher keeps runs that wait for a place. */
  readonly whenStarted?: Pick<LaunchSpec, 'places' | 'onStarted' | 'onEnded'> | undefined;
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
  /** Of which its note was made; null: a handler's run has none. */
  readonly noteDraft: string | null;
}

/** Never rejects for a failed command. `stop` ends the run, as a launcher's does. */
export async function runJob(job: ProcessingJob, context: RunContext, stop: StopSource): Promise<EndedRun> {
  const spec = launchSpec(job, context);
  const asked = withUser(spec, job);
  const exit = 'cause' in asked ? asked : await context.launcher.run(asked, stop);
  failpoint('run.after_exit');
  troubles = exit.cause === 'no_resources' ? troubles + 1 : 0;
  const outcome: Outcome =
    exit.cause === 'lease_over' && context.attached
      ? { kind: 'lost', cause: 'lease' } // Nobody else may run it.
      : toOutcome(exit, job.cpuLimitMs, context.stoppedFor(), troubleDelayMs(troubles));
  const { attempts, maxRetries, crashes, backoff } = job;
  const policy = { attempts, maxRetries, crashes, backoff, attached: context.attached };
  const transition = decide(policy, outcome, Math.random());
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
    noteDraft: spec.noteDraft,
  };
}

/** What a run left in files, once its end is stored; not before, for until then it is the only copy. */
export function cleanUp(files: RunFiles, finished: EndedRun): void {
  removeNote(files, finished);
  files.uploads?.end(finished, finished.output !== null || !finished.hasLogFile);
  if (finished.output !== null && finished.hasLogFile)
    removeFile(logFile(files.store.logsDir, finished.seq, finished.run));
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

export function removeNote({ store, notes }: RunFiles, { seq, run, noteDraft }: EndedRun): void {
  if (noteDraft !== null) notes.giveBack(noteDraft, noteFile(store.runDir, seq, run));
}

/** Each field by its name: thousands are made a second, and objects that are spread into others cost several µs each. */
function launchSpec(
  job: ProcessingJob,
  { files, environment, onOutput, maxOutputBytes, whenStarted }: RunContext,
): LaunchSpec {
  const { store, notes } = files;
  const token = nextToken();
  const { stdin, stragglers, nice, umask, limits } = processOptions(job);
  return {
    command: typeof job.command === 'string' ? { shell: job.command } : { argv: job.command ?? [] },
    cwd: job.cwd,
    env: jobEnvironment(job, store, token),
    sharedEnv: environment,
    token,
    timeoutMs: job.timeoutMs,
    graceMs: job.graceMs,
    outputFile: logFile(store.logsDir, job.seq, job.run),
    capBytes: maxOutputBytes,
    onOutput,
    places: whenStarted?.places,
    onStarted: whenStarted?.onStarted,
    onEnded: whenStarted?.onEnded,
    noteFile: noteFile(store.runDir, job.seq, job.run),
    noteDraft: notes.take(),
    stdin,
    stragglers,
    umask,
    nice,
    limits,
  };
}
