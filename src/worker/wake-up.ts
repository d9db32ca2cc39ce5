/** A longer one fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Lets the loop sleep for as long as it says, and anyone cut the sleep short: a ring, a finished run, a stop. */
export class WakeUp {
  #woken = false;
  #end: (() => void) | null = null;

  /** Ends the sleep, or the next one where nobody sleeps. */
  wake(): void {
    this.#woken = true;
    this.#end?.();
  }

  /** May end early where the time is longer than a timer of Node can wait. */
  async sleep(durationMs: number): Promise<void> {
    if (!this.#woken) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(durationMs, LONGEST_TIMER_MS));
        this.#end = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#end = null;
    this.#woken = false;
  }
}
