/** Finds where a selection begins in a log of any length: memory stays flat, and what lies before is hardly read. */

import type { OpenLog, Place } from './open-log.js';
import type { OutputSelection, Selector } from './selection.js';

const NEWLINE = 10;

/** Moves the log to where its reader begins, and tells the selector how much it skips from there. */
export async function seek(log: OpenLog, selection: OutputSelection, selector: Selector): Promise<void> {
  if (selection.sinceMs !== undefined) {
    if (!(await log.goToTime(selection.sinceMs * 1000))) return;
    selector.begin(0);
  }
  const { last } = selection;
  if (last === undefined) return;
  const isLines = 'lines' in last;
  const count = isLines ? last.lines : last.bytes;
  const places = await log.goToEnd();
  const end = log.place;
  if (count === 0) return selector.begin(0);
  const [place, skipBytes] = await findStart(log, places, end, isLines, count, selector);
  log.place = place;
  selector.begin(skipBytes);
}

/** From landmark to landmark, backwards: how many of the wanted units begin in the part that lies behind it? */
async function findStart(
  log: OpenLog,
  places: readonly Place[],
  end: Place,
  isLines: boolean,
  count: number,
  selector: Selector,
): Promise<[Place, number]> {
  let missing = count;
  let isLast = true;
  let until = end.offset;
  for (const place of places.toReversed()) {
    const part = await measure(log, place, until, selector);
    // The newline at the very end begins no line.
    const newlines = part.newlines - (isLast && part.endsLine ? 1 : 0);
    const units = isLines ? newlines : part.bytes;
    if (units >= missing) {
      const before = units - missing;
      const skip = isLines ? await skipLines(log, place, until, selector, before + 1) : before;
      return [place, skip];
    }
    missing -= units;
    if (part.bytes > 0) isLast = false;
    until = place.offset;
  }
  return [places[0] ?? end, 0];
}

interface Part {
  readonly bytes: number;
  readonly newlines: number;
  readonly endsLine: boolean;
}

async function measure(log: OpenLog, from: Place, until: number, selector: Selector): Promise<Part> {
  let [bytes, newlines, endsLine] = [0, 0, false];
  for await (const chunk of selected(log, from, until, selector)) {
    bytes += chunk.length;
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, at + 1)) newlines += 1;
    if (chunk.length > 0) endsLine = chunk.at(-1) === NEWLINE;
  }
  return { bytes, newlines, endsLine };
}

/** How many bytes lie before the end of the nth line. */
async function skipLines(
  log: OpenLog,
  from: Place,
  until: number,
  selector: Selector,
  lines: number,
): Promise<number> {
  let bytes = 0;
  let left = lines;
  for await (const chunk of selected(log, from, until, selector)) {
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, at + 1)) {
      left -= 1;
      if (left === 0) return bytes + at + 1;
    }
    bytes += chunk.length;
  }
  return bytes;
}

async function* selected(
  log: OpenLog,
  from: Place,
  until: number,
  selector: Selector,
): AsyncGenerator<Uint8Array, void, undefined> {
  log.place = from;
  for await (const record of log.read(until)) {
    const bytes = selector.bytesOf(record);
    if (bytes !== null) yield bytes;
  }
}
