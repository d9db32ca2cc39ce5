/** Node runs a timer of over 2^31-1 ms (25 days) at once; a job's time limit may be a year. */
const LONGEST_MS = 2 ** 31 - 1;

/** Calls back once, after any finite delay. Returns the way to call it off, which may be used more than once. */
export function startTimer(delayMs: number, callback: () => void, longestMs = LONGEST_MS): () => void {
  const dueAt = performance.now() + delayMs;
  let timer: NodeJS.Timeout;
  const sleep = (): void => {
    timer = setTimeout(wake, Math.min(Math.max(dueAt - performance.now(), 0), longestMs));
  };
  const wake = (): void => {
    // A timer may fire a fraction of a millisecond early; that is no reason to sleep again.
    if (dueAt - performance.now() >= 1) sleep();
    else callback();
  };
  sleep();
  return () => clearTimeout(timer);
}
