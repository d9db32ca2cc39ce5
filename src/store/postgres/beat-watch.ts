/** Which sessions of others have fallen silent, as far as one unbroken connection can tell. */
import type { Silence } from './beat-words.js';

/** A session, by the row of it. */
export interface SeenBeat {
  readonly id: number;
  /** Grows with each beat; by the server's clock, and never compared with any other. */
  readonly beatMs: number;
  /** The session's own. */
  readonly leaseMs: number;
}

interface Observation {
  readonly beatMs: number;
  /** When the answer came that showed it first. */
  readonly sinceMs: number;
}

/**
 * A session is silent once the same beat was seen for the whole of its lease: by our own clock, from the first answer
 * that showed it to the asking of the last one. A clock that is set, and an outage of the server, prove nothing so.
 */
export class BeatWatch {
  #seen = new Map<number, Observation>();

  /** What one look has shown; `askedAt` and `answeredAt` by performance.now(). */
  look(beats: readonly SeenBeat[], askedAt: number, answeredAt: number): Silence[] {
    const before = this.#seen;
    this.#seen = new Map(
      beats.map(({ id, beatMs }) => {
        const known = before.get(id);
        return [id, known?.beatMs === beatMs ? known : { beatMs, sinceMs: answeredAt }];
      }),
    );
    return beats
      .filter(({ id, leaseMs }) => askedAt - (this.#seen.get(id)?.sinceMs ?? Infinity) >= leaseMs)
      .map(({ id, beatMs }) => ({ id, beatMs }));
  }

  /** When the next of these sessions may turn out to be silent; Infinity where none may. */
  nextAt(beats: readonly SeenBeat[], now: number): number {
    const ends = beats.map(({ id, leaseMs }) => (this.#seen.get(id)?.sinceMs ?? now) + leaseMs);
    return Math.min(Infinity, ...ends.filter((end) => end > now));
  }

  /** The connection broke, or a look failed: who knows what happened meanwhile, and to whom we talk now. */
  forget(): void {
    this.#seen.clear();
  }
}
