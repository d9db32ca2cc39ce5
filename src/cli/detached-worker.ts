/** The background process of `worker start --detach`: what keeps it from running goes to the command that waits. */
import { QueueError } from '../errors.js';
import { toQueueError } from './detached-link.js';
import type { DetachedLink } from './detached-link.js';
import { EXIT_CODES } from './exit-code.js';
import { voiceToLog } from './supervise-worker.js';
import type { WorkerVoice } from './supervise-worker.js';

const LAST_LINES_MS = 1000;

/** Once it runs, what ends it goes to its log, where a person looks for it. */
export async function runDetached(
  link: DetachedLink,
  run: (voice: WorkerVoice) => Promise<number>,
): Promise<number> {
  let voice: WorkerVoice | undefined;
  try {
    const log = (voice = voiceToLog(link.log));
    return await run({
      ...log,
      event: (event) => {
        if (event.event === 'worker.named') link.ready();
        log.event(event);
      },
    });
  } catch (error) {
    const { code, message } = toQueueError(error);
    if (link.hasSpoken) voice?.note(`error: ${message}`);
    else link.fail(error);
    if (link.hasSpoken && !(error instanceof QueueError) && error instanceof Error)
      for (const line of (error.stack ?? '').split('\n')) voice?.note(line);
    await voice?.flush(LAST_LINES_MS);
    return EXIT_CODES[code];
  }
}
