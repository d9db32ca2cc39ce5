import { readdir } from 'node:fs/promises';

import { unlessMissing } from './remove.js';

/** Whose logs lie there. */
export async function listLogs(logsDir: string): Promise<{ readonly seq: number; readonly run: number }[]> {
  const names = (await unlessMissing(readdir(logsDir, { recursive: true }))) ?? [];
  return names.flatMap((name) => {
    const [, seq, run] = /(?:^|[\\/])(\d+)\.(\d+)\.log$/.exec(name) ?? [];
    return run === undefined ? [] : [{ seq: Number(seq), run: Number(run) }];
  });
}
