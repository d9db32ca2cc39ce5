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

/** Sleeps out the whole time, unless the signal aborts. */
export async function sleepUnlessAborted(durationMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const wakeUp = new WakeUp();
  const wake = (): void => wakeUp.wake();
  signal.addEventListener('abort', wake, { once: true });
  const endAt = performance.now() + durationMs;
  do await wakeUp.sleep(endAt - performance.now());
  while (!signal.aborted && performance.now() < endAt);
  signal.removeEventListener('abort', wake);
}
