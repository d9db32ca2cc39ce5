import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findJsonError } from '../../src/cli/json-error.js';
import { lineAndColumn, readJson } from '../../src/cli/read-json.js';

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('findJsonError', () => {
  it('agrees with JSON.parse on all JSON, and on JSON with a piece cut out or put in', () => {
    const piece = fc.constantFrom(
      '',
      ',',
      ':',
      '"',
      '{',
      '}',
      '[',
      ']',
      '1',
      '-',
      '.5',
      'e',
      'true',
      'nul',
      '\\',
      '\n',
      '\u0001',
      "'",
      '\u00a0',
    );
    fc.assert(
      fc.property(fc.json({ maxDepth: 3 }), fc.nat(), fc.nat(3), piece, (json, place, cut, put) => {
        const at = place % (json.length + 1);
        const text = json.slice(0, at) + put + json.slice(at + cut);
        expect(findJsonError(text) === null).toBe(isJson(text));
      }),
      { numRuns: 3000 },
    );
  });

  it('what stands before the place is the beginning of some JSON', () => {
    expect(findJsonError('{"a":1,}')).toMatchObject({ offset: 7 });
    expect(findJsonError('{a:1}')).toMatchObject({ offset: 1 });
    expect(findJsonError('{"a" 1}')).toMatchObject({ offset: 5, expected: '":"' });
    expect(findJsonError('[1 2]')).toMatchObject({ offset: 3, expected: '"," or "]"' });
    expect(findJsonError('{} {}')).toMatchObject({ offset: 3, expected: 'nothing more' });
    expect(findJsonError('{"a":')).toMatchObject({ offset: 5, expected: 'a value' });
  });

  it('does not mind how deep the brackets go', () => {
    expect(findJsonError('['.repeat(500_000))).toMatchObject({ offset: 500_000 });
  });
});

describe('readJson', () => {
  it('says line, column, what was expected and what was there', () => {
    expect(() => readJson('{\n "command": echo\n}')).toThrow(
      'invalid JSON at line 2, column 13: expected a value, found e in:',
    );
  });

  it('counts on from the line of the file', () => {
    expect(() => readJson('{"command"', lineAndColumn(41))).toThrow(
      'invalid JSON at line 41, column 11: expected ":", but it ends',
    );
  });
});
