/** How the caller of a launcher asks for the end of a run, once or more often. */
import { setMaxListeners } from 'node:events';
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

/**
 * Asks for the end of one run. The first request says how; a later one can only hasten the end. Its signal is made when it
 * is asked for: to make one takes longer than the rest of a short run of a function that has no use for it.
 */
export class Stopper {
  readonly #requests: StopRequest[] = [];
  #first: AbortSignal | null = null;
  #next: AbortController | null = null;
  #hear: ((request: StopRequest) => void) | null = null;

  get isStopped(): boolean {
    return this.#requests.length > 0;
  }

  get signal(): AbortSignal {
    if (this.#first !== null) return this.#first;
    this.#next = new AbortController();
    this.#first = this.#next.signal;
    for (const request of this.#requests) this.#abort(this.#next, request);
    return this.#first;
  }

  stop(request: StopRequest = {}): void {
    this.#requests.push(request);
    if (this.#next !== null) this.#abort(this.#next, request);
    this.#hear?.(request);
  }

  /** As onStop, for one listener at a time, without a signal. */
  onRequest(callback: (request: StopRequest) => void): () => void {
    this.#hear = callback;
    for (const request of this.#requests) callback(request);
    return () => (this.#hear = null);
  }

  #abort(now: AbortController, request: StopRequest): void {
    const next = new AbortController();
    this.#next = next;
    now.abort(new StopReason(request, next.signal));
  }
}

/** Who may ask for the end of a run. */
export type StopSource = AbortSignal | Stopper;

export function isStopped(source: StopSource): boolean {
  return source instanceof Stopper ? source.isStopped : source.aborted;
}

export function signalOf(source: StopSource): AbortSignal {
  return source instanceof Stopper ? source.signal : source;
}

/**
 * Calls back with each request; where the end has been asked for already, at once. Any other reason of a signal than a
 * StopReason asks for TERM and the spec's grace. Returns the way to hear no more.
 */
export function onStop(source: StopSource, callback: (request: StopRequest) => void): () => void {
  return source instanceof Stopper ? source.onRequest(callback) : onAbort(source, callback);
}

function onAbort(signal: AbortSignal, callback: (request: StopRequest) => void): () => void {
  // One signal may stop a thousand runs, without a warning from Node at the eleventh.
  setMaxListeners(0, signal);
  let current = signal;
  const hear = (): void => {
    const reason: unknown = current.reason;
    callback(toRequest(reason));
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

/** A caller without a Stopper may give a request as it is. */
function toRequest(reason: unknown): StopRequest {
  const isRequest = typeof reason === 'object' && reason !== null && !(reason instanceof Error);
  return isRequest || reason instanceof StopReason ? reason : {};
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
