/** `status --watch --json`: the status, a line each time that what is shown of it has changed. */
import type { Store } from '../store/store.js';
import type { Output } from './output/output.js';
import { exitCodeOf, onEndSignal } from './signals.js';
import { onEachChange } from './store-changes.js';

/** What changes faster is told together. */
const REST_MS = 100;
/** A worker that was killed writes nothing that would tell of it. */
const AT_LATEST_MS = 1000;

/** Until a signal; its exit code. */
export async function followStatus(
  store: Store,
  output: Output,
  look: () => Promise<Record<string, unknown>>,
): Promise<number> {
  const over = new AbortController();
  const stopListening = onEndSignal((signal) => over.abort(signal));
  let last = '';
  const tell = async (): Promise<void> => {
    const line = output.streamLine(await look());
    if (line !== last) output.line(line);
    last = line;
  };
  await onEachChange(store, tell, { signal: over.signal, restMs: REST_MS, atLatestMs: AT_LATEST_MS });
  stopListening();
  return exitCodeOf(String(over.signal.reason));
}
