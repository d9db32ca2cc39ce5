/** How the end of a run is reported: the exit of every launcher, and what only this one knows. */

import { constants } from 'node:os';

import { formatDuration } from '../time.js';
import type { Exit, LaunchSpec } from './launcher.js';
import { ENDED_BY_LEASE, leaseOver } from './lease-exit.js';
import { errorName, namesByNumber, startError } from './native-spec.js';
import type { ExitEvent, StartStage } from './protocol.js';
import { stdinFailure } from './start-failure.js';

export interface NativeExit extends Exit {
  readonly wallMs?: number;
}

const SIGNAL_NAMES = namesByNumber(constants.signals);

export function toExit(event: ExitEvent, spec: LaunchSpec): NativeExit {
  const exit = {
    cause: toCause(event.cause),
    exitCode: event.exitCode,
    signal: event.signal === 0 ? null : (SIGNAL_NAMES.get(event.signal) ?? `SIG${event.signal}`),
  };
  const endedAt = event.endedAtUs / 1000 - performanceStart();
  return {
    cause: exit.cause,
    exitCode: exit.exitCode,
    signal: exit.signal,
    message: describe(exit, event, spec),
    usage: { userMs: event.userUs / 1000, systemMs: event.systemUs / 1000, maxRssKb: event.maxRssKb },
    wallMs: event.wallUs / 1000,
    times: { startedAt: endedAt - event.wallUs / 1000, endedAt },
    output: {
      bytes: event.printedBytes,
      droppedBytes: event.droppedBytes,
      inline: event.log,
      hasFile: event.hasFile,
      lost: event.errno === 0 ? null : errorName(event.errno),
    },
  };
}

let startMs: number | null = null;

/** What performance.now() counts from, by the clock that the launcher reads. */
function performanceStart(): number {
  startMs ??= Number(process.hrtime.bigint()) / 1e6 - performance.now();
  return startMs;
}

function toCause(cause: ExitEvent['cause']): NativeExit['cause'] {
  if (cause === 'lease') return 'lease_over';
  return cause === 'ended' ? 'stopped' : cause;
}

function describe(
  exit: Pick<NativeExit, 'cause' | 'exitCode' | 'signal'>,
  event: ExitEvent,
  spec: LaunchSpec,
): string | null {
  const notes: string[] = [];
  if (exit.cause === 'exited' && event.killed > 0)
    notes.push(`${event.killed} left-over ${processes(event.killed)} killed`);
  if (event.survivors > 0) notes.push(`${event.survivors} ${processes(event.survivors)} could not be killed`);
  if (event.errno !== 0) {
    const part = event.droppedBytes < event.printedBytes ? 'part of its output' : 'its output';
    notes.push(`${part} was not kept: ${errorName(event.errno)}`);
  }
  if (exit.cause === 'timed_out') notes.unshift(`timed out after ${formatDuration(spec.timeoutMs ?? 0)}`);
  else if (exit.cause === 'lease_over') notes.unshift(ENDED_BY_LEASE);
  // A message stands alone, so next to a note the plain end must be in it, too.
  else if (notes.length > 0 && exit.signal !== null) notes.unshift(`killed by ${exit.signal}`);
  else if (notes.length > 0 && exit.exitCode !== 0) notes.unshift(`exit code ${exit.exitCode}`);
  return notes.length === 0 ? null : notes.join('; ');
}

function processes(count: number): string {
  return count === 1 ? 'process' : 'processes';
}

export function toStartFailure(errno: number, stage: StartStage, spec: LaunchSpec): NativeExit {
  const code = errorName(errno);
  const failure = startError(code, spec);
  if (failure.cause === 'no_resources') return failure;
  switch (stage) {
    case 'note':
      // A process that nobody could find again is not started: given back, as after any trouble of the machine.
      return noStart(`cannot write ${spec.noteFile}: ${code}`);
    case 'machine':
      return noStart(`cannot start a process: ${code}`);
    case 'withdrawn':
      return stoppedBeforeStart();
    case 'lease':
      return leaseOver();
    case 'directory':
      // The user of the run may not enter what we may.
      return code === 'EACCES' ? refused(`permission denied: ${spec.cwd}`) : failure;
    case 'stdin':
      return stdinFailure(code, spec);
    case 'user':
      return refused(`cannot become its user: ${code}`);
    case 'limits':
      return refused(`cannot set its niceness or limits: ${code}`);
    default:
      return failure;
  }
}

export function stoppedBeforeStart(): NativeExit {
  return { cause: 'stopped', exitCode: null, signal: null, message: 'stopped before it started' };
}

export function refused(message: string): NativeExit {
  return { cause: 'not_started', exitCode: 126, signal: null, message };
}

export function noStart(message: string): NativeExit {
  return { cause: 'no_resources', exitCode: null, signal: null, message };
}
