/** Many rows in few statements: no more than so many of them, and so many characters, in one. */
const MOST_ROWS = 1000;
/** Of a statement's values, roughly: a job may bring a megabyte of input. */
const MOST_CHARACTERS = 4 * 1024 * 1024;

export function inParts<T>(items: readonly T[], sizeOf: (item: T) => number): (readonly T[])[] {
  const found: T[][] = [];
  let characters = Infinity;
  for (const item of items) {
    const last = found.at(-1);
    characters += sizeOf(item);
    if (last !== undefined && last.length < MOST_ROWS && characters < MOST_CHARACTERS) {
      last.push(item);
      continue;
    }
    found.push([item]);
    characters = sizeOf(item);
  }
  return found;
}
