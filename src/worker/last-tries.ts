/** How long a worker that is to stop goes on trying to tell a store that does not answer. */
import { QueueError } from '../errors.js';

const LOOK_EVERY_MS = 100;
/** An answer takes milliseconds, and a connection that broke is made anew within a second. */
const QUIET_FOR_MS = 5000;

/** It may stop without having told anybody. */
export class GivenUp extends Error {
  toQueueError(database: string | null, runs: number): QueueError {
    const lost = runs === 0 ? '' : `: the end of ${runs === 1 ? '1 run is' : `${runs} runs is`} not recorded`;
    return new QueueError(
      'unavailable',
      `stopped without an answer from the database ${database ?? ''}${lost}`,
      'once its lease is over, other workers run again what it had',
      { cause: this },
    );
  }
}

interface LastTriesOptions {
  /** It may stop as things are. */
  readonly isEnough: () => boolean;
  /** There is something else to wait for than the store's answer. */
  readonly isBusy: () => boolean;
}

export class LastTries {
  readonly #options: LastTriesOptions;
  #quietSince = 0;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;
  #giveUp = (): void => undefined;
  /** Rejects with `GivenUp` when they are over; never resolves. */
  readonly over: Promise<never>;

  constructor(options: LastTriesOptions) {
    this.#options = options;
    this.over = new Promise((_, reject) => (this.#giveUp = () => reject(new GivenUp())));
  }

  /** It is to stop. */
  start(): void {
    this.begin();
    if (!this.#isOver) this.#timer ??= setInterval(() => this.#look(), LOOK_EVERY_MS).unref();
  }

  /** From now on: the store has answered. */
  begin(): void {
    this.#quietSince = performance.now();
  }

  end(): void {
    this.#isOver = true;
    clearInterval(this.#timer);
  }

  #look(): void {
    if (this.#options.isBusy()) this.begin();
    const isQuiet = performance.now() - this.#quietSince >= QUIET_FOR_MS;
    if (isQuiet && this.#options.isEnough()) this.#giveUp();
  }
}
