import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  harmlessBytes,
  harmlessLine,
  harmlessText,
  HarmlessStream,
} from '../../../src/cli/output/harmless.js';
import { toJsonText } from '../../../src/cli/output/json.js';
import { boxTable } from '../../../src/cli/output/box.js';
import { createStyle } from '../../../src/cli/output/style.js';
import { propertyLines, tsvTable } from '../../../src/cli/output/table.js';

/** Written apart from the code under test: what a terminal acts on, by number. */
function actsOnTerminal(text: string, allowed: string): boolean {
  return Array.from(text).some((character) => {
    const code = character.codePointAt(0) ?? 0;
    if (allowed.includes(character)) return false;
    const isControl = code < 0x20 || (code >= 0x7f && code <= 0x9f);
    const isSurrogate = code >= 0xd800 && code <= 0xdfff;
    const turnsText =
      (code >= 0x202a && code <= 0x202e) ||
      (code >= 0x2066 && code <= 0x2069) ||
      [0x200e, 0x200f, 0x061c].includes(code);
    return isControl || isSurrogate || turnsText;
  });
}

/** Any UTF-16, with much of what hurts in it. */
const nasty = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      '\u001b[2J',
      '\u001b]0;x\u0007',
      '\u009b31m',
      '\r',
      '\n',
      '\t',
      '\u0000',
      '\u007f',
      '\u202e',
      '\u2066',
      '\ud800',
      '\udc00',
      '\\',
      '字',
      '👩‍👩‍👧',
    ),
    fc.nat(0xffff).map((code) => String.fromCharCode(code)),
  ),
});

describe('nothing that comes out can act on a terminal', () => {
  it('a line', () => {
    fc.assert(fc.property(nasty, (text) => !actsOnTerminal(harmlessLine(text), '')));
  });

  it('running text, which keeps its newlines and tabs', () => {
    fc.assert(fc.property(nasty, (text) => !actsOnTerminal(harmlessText(text), '\n\t')));
  });

  it('any bytes at all', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => !actsOnTerminal(harmlessBytes(bytes), '\n\t')));
  });

  it('TSV, a box, properties, JSON', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(nasty, nasty)), (rows) => {
        const table = { columns: [{ name: 'a' }, { name: 'b' }], rows };
        expect(actsOnTerminal(tsvTable(table), '\n\t')).toBe(false);
        expect(actsOnTerminal(boxTable(table, 80, createStyle(false)), '\n')).toBe(false);
        expect(
          actsOnTerminal(propertyLines([['x', 'y'], ...rows.map(([, text]) => ['n', text] as const)]), '\n'),
        ).toBe(false);
        expect(actsOnTerminal(toJsonText(rows), '')).toBe(false);
        expect(JSON.parse(toJsonText(rows))).toEqual(rows);
      }),
    );
  });
});

describe('what is taken out is shown', () => {
  it.each([
    ['\u001b[31mred', '\\x1b[31mred'],
    ['a\r\nb\tc', 'a\\r\\nb\\tc'],
    ['\u202egnp.exe', '\\u202egnp.exe'],
    ['\ud800', '\ufffd'],
    ['plain äöü 漢字 👍', 'plain äöü 漢字 👍'],
  ])('%j as %j', (text, shown) => {
    expect(harmlessLine(text)).toBe(shown);
  });

  it('CR LF is a newline, a CR alone is shown', () => {
    expect(harmlessText('a\r\nb\rc\n')).toBe('a\nb\\rc\n');
  });
});

it('bytes that arrive piece by piece give the same text', () => {
  fc.assert(
    fc.property(nasty, fc.array(fc.nat(100)), (text, cuts) => {
      const bytes = Buffer.from(text);
      const stream = new HarmlessStream();
      const places = [0, ...cuts.filter((cut) => cut < bytes.length).toSorted((a, b) => a - b), bytes.length];
      const parts = places.slice(1).map((end, index) => stream.push(bytes.subarray(places[index], end)));
      expect(parts.join('') + stream.end()).toBe(harmlessBytes(bytes));
    }),
  );
});
