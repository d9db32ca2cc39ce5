/** Lets the loop sleep for as long as it says, and anyone cut the sleep short: a ring, a finished run, a stop. */
export class WakeUp {
  #woken = false;
  #end: (() => void) | null = null;

  /** Ends the sleep, or the next one where nobody sleeps. */
  wake(): void {
    this.#woken = true;
    this.#end?.();
  }

  async sleep(durationMs: number): Promise<void> {
    if (!this.#woken) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, durationMs);
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
