/** What a run printed, from where it was kept. */

import { MemoryLog } from './memory-log.js';
import type { OpenLog } from './open-log.js';
import { LogFile } from './open-log-file.js';
import type { OutputRecord } from './records.js';
import { seek } from './seek.js';
import { StoredLog, type StoredParts } from './stored-log.js';
import { type OutputSelection, Selector } from './selection.js';

type Records = AsyncGenerator<OutputRecord, void, undefined>;

/**
 * From its file, as it is now, never as a whole in memory. A missing file is an empty one; returns whether it is there.
 * Throws `unavailable` where it cannot be read, `failed` where it is plain text and the selection asks for what that cannot
 * tell.
 */
export async function* readOutput(
  file: string,
  selection: OutputSelection = {},
): AsyncGenerator<OutputRecord, boolean, undefined> {
  const opened = await LogFile.open(file);
  if (opened === null) return false;
  try {
    const log = await opened.log(true);
    if (log !== null) yield* select(log, selection);
    return true;
  } finally {
    await opened.close();
  }
}

/** The same of a log that was stored with the end of its run. */
export async function* readInline(output: Uint8Array, selection: OutputSelection = {}): Records {
  yield* select(new MemoryLog(output), selection);
}

/** The same of one that is kept in parts. Returns whether there was any part of it. */
export async function* readStored(
  parts: StoredParts,
  selection: OutputSelection = {},
): AsyncGenerator<OutputRecord, boolean, undefined> {
  const log = await StoredLog.open(parts);
  if (log !== null) yield* select(log, selection);
  return log !== null;
}

async function* select(log: OpenLog, selection: OutputSelection): Records {
  const selector = new Selector(selection);
  await seek(log, selection, selector);
  for await (const record of log.read()) yield* selector.pick(record);
  yield* selector.finish();
}
