/** Logs that a worker of this home could not send to the shared store before it ended. */
import { listLogs } from '../output/list-logs.js';
import type { LogStore } from '../store/logs.js';
import type { Store } from '../store/store.js';
import type { LogUploads } from './log-uploads.js';

/** So many at a time are asked for. */
const PAGE = 1000;

/** A file that is still there was not sent whole: whoever has done that removes it. */
export async function sendLeftLogs({ logs, logsDir }: Store, uploads: LogUploads): Promise<void> {
  if (logs === null) return;
  const found = await listLogs(logsDir);
  for (let from = 0; from < found.length; from += PAGE)
    await adopt(logs, found.slice(from, from + PAGE), uploads);
}

async function adopt(
  logs: LogStore,
  found: Parameters<LogStore['leftBehind']>[0],
  uploads: LogUploads,
): Promise<void> {
  for (const log of await logs.leftBehind(found)) uploads.adopt(log);
}
