/** How the caller of a launcher asks for the end of a run, once or more often. */
import { constants } from 'node:os';

/** What is missing: TERM, and the grace of the run's own spec. Without grace it is KILL at once. */
export interface StopRequest {
  /** The number of the signal to begin with, 1 to 64. */
  readonly signal?: number | undefined;
  /** Until KILL; may be longer than the spec's. */
  readonly graceMs?: number | undefined;
}

/**
 * What an AbortSignal is aborted with; `sooner` is aborted in its turn by whoever wants the end to come sooner. An
 * AbortError, since a function that is told to end throws what it was told.
 */
class StopReason extends Error implements StopRequest {
  override readonly name = 'AbortError';
  readonly signal: number | undefined;
  readonly graceMs: number | undefined;
  readonly sooner: AbortSignal;

  constructor({ signal, graceMs }: StopRequest, sooner: AbortSignal) {
    super('the run is to end');
    this.signal = signal;
    this.graceMs = graceMs;
    this.sooner = sooner;
  }
}

/** Asks for the end of one run. The first request says how; a later one can only hasten the end. */
export class Stopper {
  readonly signal: AbortSignal;
  #next = new AbortController();

  constructor() {
    this.signal = this.#next.signal;
  }

  stop(request: StopRequest = {}): void {
    const now = this.#next;
    this.#next = new AbortController();
    now.abort(new StopReason(request, this.#next.signal));
  }
}

/**
 * Calls back with each request; with that of a signal which is aborted already, at once. Any other reason than a
 * StopReason asks for TERM and the spec's grace. Returns the way to hear no more.
 */
export function onStop(signal: AbortSignal, callback: (request: StopRequest) => void): () => void {
  let current = signal;
  const hear = (): void => {
    const reason: unknown = current.reason;
    callback(reason instanceof StopReason ? reason : {});
    if (!(reason instanceof StopReason)) return;
    current = reason.sooner;
    listen();
  };
  const listen = (): void => {
    if (current.aborted) hear();
    else current.addEventListener('abort', hear, { once: true });
  };
  listen();
  return () => current.removeEventListener('abort', hear);
}

export const SIGTERM = 15;
export const SIGKILL = 9;

/** "SIGTERM", or a number in digits. TERM for what this system does not have. */
export function signalNumber(name: string): number {
  if (/^\d+$/.test(name)) return Number(name);
  const numbers: Readonly<Record<string, number>> = constants.signals;
  return numbers[name] ?? SIGTERM;
}

/** KILL leaves nothing to wait for. */
export function graceOf({ signal, graceMs }: StopRequest, spec: { readonly graceMs: number }): number {
  return signal === SIGKILL ? 0 : Math.max(0, graceMs ?? spec.graceMs);
}
