/** What the store and its thread of beats say to each other. */

export interface ThreadOptions {
  readonly url: string;
  readonly leaseMs: number;
}

/** Of this process; after an older state of the database was restored, its number may be another's. */
export interface OwnSession {
  readonly id: number;
  readonly token: string;
}

/** To the thread. `sessions`: those to beat for; none: it ends. `heard`: the last beat has been heard of. */
export type Order =
  { readonly kind: 'sessions'; readonly sessions: readonly OwnSession[] } | { readonly kind: 'heard' };

/** A session of others, and the beat that it has not followed by another one for its whole lease. */
export interface Silence {
  readonly id: number;
  readonly beatMs: number;
}

/** From the thread. `trouble`: all that was seen of others is forgotten. */
export type News =
  | {
      readonly kind: 'beat';
      /** By boot-clock.ts, before it was sent. */
      readonly askedAtMs: number;
      readonly asked: readonly number[];
      /** Of these, those that are still there. */
      readonly living: readonly number[];
      readonly silent: readonly Silence[];
    }
  | { readonly kind: 'trouble' };
