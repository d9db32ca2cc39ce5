/** The logs of jobs that were removed: they go after the commit, and whoever is killed in between leaves a note. */
import { QueueError } from './errors.js';
import { failpoint } from './failpoint.js';
import { removeLogs } from './output/remove.js';
import type { Pruned } from './store/pruning.js';
import type { Store } from './store/store.js';

/** Throws `failed` where the files cannot be removed; the note stays, and the next prune tries again. */
export async function removeLogsOf(store: Store, { note, seqs }: Pruned): Promise<void> {
  try {
    await removeLogs(store.logsDir, seqs);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new QueueError(
      'failed',
      `the logs of removed jobs cannot be removed: ${why}`,
      'the next prune tries them again, before it removes anything else',
      { cause: error },
    );
  }
  failpoint('prune.after_logs');
  await store.forgetPruned(note);
}
