import { readdir, rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';

import { systemErrorCode } from '../errors.js';
import { logShard } from './log-file.js';

/**
 * Removes every log of these jobs, all runs, and directories that are empty then. Reads each directory once, so hand
 * over many jobs at a time. May be repeated; files that are gone already are fine. Throws the system's error otherwise.
 */
export async function removeLogs(logsDir: string, seqs: Iterable<number>): Promise<void> {
  const seqsByShard = new Map<string, Set<string>>();
  for (const seq of seqs) {
    const shard = logShard(logsDir, seq);
    seqsByShard.set(shard, (seqsByShard.get(shard) ?? new Set()).add(String(seq)));
  }
  for (const [shard, members] of seqsByShard) await removeFromShard(shard, members);
}

async function removeFromShard(shard: string, seqs: ReadonlySet<string>): Promise<void> {
  const names = (await unlessMissing(readdir(shard))) ?? [];
  for (const name of names) {
    const [seq, run, extension, ...rest] = name.split('.');
    const isLog = /^\d+$/.test(run ?? '') && extension === 'log' && rest.length === 0;
    if (isLog && seqs.has(seq ?? '')) await unlessMissing(unlink(join(shard, name)));
  }
  try {
    await rmdir(shard);
  } catch {
    // Not empty, as nearly always.
  }
}

export async function unlessMissing<T>(operation: Promise<T>): Promise<T | undefined> {
  try {
    return await operation;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
