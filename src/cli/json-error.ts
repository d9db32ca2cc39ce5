/** Where a text stops being JSON. JSON.parse says so in some Node versions, and not for every mistake. */

export interface JsonError {
  /** In characters from the start. */
  readonly offset: number;
  readonly expected: string;
}

const MARK = '[{}[\\]:,]';
const STRING = '"(?:[^"\\\\\\u0000-\\u001f]|\\\\(?:["\\\\/bfnrt]|u[0-9a-fA-F]{4}))*"';
const NUMBER = '-?(?:0|[1-9]\\d*)(?:\\.\\d+)?(?:[eE][+-]?\\d+)?(?![\\w.+-])';
const WORD = '(?:true|false|null)(?!\\w)';
const TOKEN = new RegExp([MARK, STRING, NUMBER, WORD].join('|'), 'y');
const BLANKS = /[ \t\n\r]*/y;

/** What may come next. Inside an object or list, a comma or its end follows each value. */
type Next = 'value' | 'value or "]"' | 'name or "}"' | 'name' | '":"' | 'comma' | 'the end';

/** The first place where the text is not JSON, or null where it is. */
export function findJsonError(text: string): JsonError | null {
  const open: ('{' | '[')[] = [];
  let next: Next = 'value';
  let offset = 0;
  for (;;) {
    offset = match(BLANKS, text, offset);
    if (offset === text.length)
      return next === 'the end' ? null : { offset, expected: expectedWords(next, open) };
    const end = match(TOKEN, text, offset);
    const after: Next | null = end === offset ? null : step(next, text.slice(offset, end), open);
    if (after === null) return { offset, expected: expectedWords(next, open) };
    next = after;
    offset = end;
  }
}

function match(pattern: RegExp, text: string, offset: number): number {
  pattern.lastIndex = offset;
  return pattern.test(text) ? pattern.lastIndex : offset;
}

/** What may come after the token, or null where the token may not come. Keeps the open brackets. */
function step(next: Next, token: string, open: ('{' | '[')[]): Next | null {
  const afterValue = (): Next => (open.length === 0 ? 'the end' : 'comma');
  const isString = token.startsWith('"');
  switch (next) {
    case 'value or "]"':
      if (token === ']') return closed(open, afterValue);
      return step('value', token, open);
    case 'value':
      if (token === '{' || token === '[') {
        open.push(token);
        return token === '{' ? 'name or "}"' : 'value or "]"';
      }
      return isString || !/^[}\]:,]/.test(token) ? afterValue() : null;
    case 'name or "}"':
      if (token === '}') return closed(open, afterValue);
      return isString ? '":"' : null;
    case 'name':
      return isString ? '":"' : null;
    case '":"':
      return token === ':' ? 'value' : null;
    case 'comma':
      if (token === ',') return open.at(-1) === '{' ? 'name' : 'value';
      return token === closing(open) ? closed(open, afterValue) : null;
    case 'the end':
      return null;
  }
}

function closed(open: ('{' | '[')[], afterValue: () => Next): Next {
  open.pop();
  return afterValue();
}

function closing(open: readonly ('{' | '[')[]): string {
  return open.at(-1) === '{' ? '}' : ']';
}

function expectedWords(next: Next, open: readonly ('{' | '[')[]): string {
  if (next === 'comma') return `"," or "${closing(open)}"`;
  return WORDS[next];
}

const WORDS: Readonly<Record<Exclude<Next, 'comma'>, string>> = {
  value: 'a value',
  'value or "]"': 'a value or "]"',
  name: 'a name in double quotes',
  'name or "}"': 'a name in double quotes or "}"',
  '":"': '":"',
  'the end': 'nothing more',
};
