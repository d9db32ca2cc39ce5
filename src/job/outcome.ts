/** What the end of a process means for its job. Pure. */
import { bareEnd, plainEnd } from './plain-end.js';

/** How a process ended, as a launcher reports it. */
export interface ExitFacts {
  /** What ended it first: itself, its time limit, our stop; or it never started, or its launcher or lease ended. */
  readonly cause:
    'exited' | 'timed_out' | 'stopped' | 'not_started' | 'no_resources' | 'launcher_died' | 'lease_over';
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** In plain words, where there is more to say than the code. */
  readonly message: string | null;
}

interface Ended {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly reason: string;
}

export type Outcome =
  | { readonly kind: 'success' }
  | ({ readonly kind: 'failure' } & Ended)
  | ({ readonly kind: 'timeout' } & Ended)
  | ({ readonly kind: 'cancelled' } & Ended)
  /** The worker returns the job; it counts nothing. `delayMs` where the machine is in trouble. */
  | { readonly kind: 'given_back'; readonly delayMs: number }
  /** Its worker died. A reboot or a lost lease is not the job's fault; a crash may be. */
  | { readonly kind: 'lost'; readonly cause: 'crash' | 'reboot' | 'lease' };

/**
 * `cpuLimitMs` is the job's, null where it had none; `stoppedFor` says why a run that we stopped was stopped;
 * `troubleDelayMs` is how long a job waits when the machine had no process, memory or descriptor to spare for it.
 */
export function toOutcome(
  exit: ExitFacts,
  cpuLimitMs: number | null,
  stoppedFor: 'cancelled' | 'given_back',
  troubleDelayMs: number,
): Outcome {
  if (exit.cause === 'no_resources') return { kind: 'given_back', delayMs: troubleDelayMs };
  if (exit.cause === 'launcher_died') return { kind: 'lost', cause: 'crash' };
  if (exit.cause === 'lease_over') return { kind: 'given_back', delayMs: 0 };
  if (exit.cause === 'exited' && exit.exitCode === 0) return { kind: 'success' };
  const ended: Ended = {
    exitCode: exit.exitCode,
    signal: exit.signal,
    reason: reasonOf(exit, cpuLimitMs),
  };
  if (exit.cause === 'timed_out') return { kind: 'timeout', ...ended };
  if (exit.cause !== 'stopped') return { kind: 'failure', ...ended };
  return stoppedFor === 'cancelled' ? { kind: 'cancelled', ...ended } : { kind: 'given_back', delayMs: 0 };
}

/** What the launcher says stands alone; where it begins with how the process ended, that is said in full. */
function reasonOf(exit: ExitFacts, cpuLimitMs: number | null): string {
  const { exitCode, signal, message } = exit;
  const end = plainEnd({ exitCode, signal, cpuLimitMs, byItself: exit.cause === 'exited' });
  const bare = bareEnd(exit);
  if (message === null) return end;
  return message.startsWith(`${bare};`) ? `${end}${message.slice(bare.length)}` : message;
}
