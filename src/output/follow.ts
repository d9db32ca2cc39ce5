import { FileBell } from './file-bell.js';
import type { OpenLog } from './open-log.js';
import { LogFile } from './open-log-file.js';
import type { OutputRecord } from './records.js';
import { seek } from './seek.js';
import { type OutputSelection, Selector } from './selection.js';
import { StoredLog, type StoredParts } from './stored-log.js';

/**
 * What is in a run's log and what is appended to it, within some milliseconds. The file need not exist yet; where it is on
 * another machine, the log is followed by the parts that come from there, at each poll. Ends when the
 * signal is aborted, after yielding all that the file held at that moment; returns whether there was anything in it. A file
 * that was opened is read to its end even when it is removed meanwhile; one that came and went unseen yields nothing.
 */
export async function* followOutput(
  file: string,
  signal: AbortSignal,
  selection: OutputSelection = {},
  parts: StoredParts | null = null,
): AsyncGenerator<OutputRecord, boolean, undefined> {
  const bell = new FileBell(file);
  const ring = (): void => bell.ring();
  signal.addEventListener('abort', ring, { once: true });
  const selector = new Selector(selection);
  let opened: LogFile | null = null;
  let log: OpenLog | null = null;
  let isPlaced = false;
  try {
    for (;;) {
      // Asked before the look, so that the last look comes after the abort.
      const isLastLook = signal.aborted;
      // Watched before the look, so that no append falls between the two.
      bell.listen();
      if (log === null) opened ??= await LogFile.open(file);
      log ??= (await opened?.log(isLastLook)) ?? null;
      if (opened === null && parts !== null) log ??= await StoredLog.open(parts);
      if (log !== null) {
        if (!isPlaced) await seek(log, selection, selector);
        isPlaced = true;
        for await (const record of log.read()) yield* selector.pick(record);
      }
      if (isLastLook) break;
      await bell.rung();
    }
    yield* selector.finish();
    return isPlaced;
  } finally {
    signal.removeEventListener('abort', ring);
    bell.close();
    await opened?.close();
  }
}
