/**
 * Text from jobs and users, so that nothing in it can act on a terminal: no colour, no title, no cursor, no
 * turned-around line (CVE-2021-42574), no key presses sent back. What is taken out is shown, never dropped.
 */

/** C0, DEL, C1; then what turns or breaks a line or tags it invisibly. */
const HARMFUL =
  '\\u0000-\\u001f\\u007f-\\u009f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u206f\\ufeff\\ufff9-\\ufffb\\u{e0000}-\\u{e007f}';
const IN_LINE = new RegExp(`[${HARMFUL}]`, 'gu');
const IN_TEXT = new RegExp(`(?![\\n\\t])[${HARMFUL}]`, 'gu');
const IN_FIELD = new RegExp(`[\\\\${HARMFUL}]`, 'gu');

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\t': '\\t', '\r': '\\r', '\\': '\\\\' };

/** For one line or one cell: newlines and tabs are shown too. */
export function harmlessLine(text: string): string {
  return text.toWellFormed().replace(IN_LINE, visible);
}

/** For running text: newlines and tabs stay. */
export function harmlessText(text: string): string {
  return text.replaceAll('\r\n', '\n').toWellFormed().replace(IN_TEXT, visible);
}

/** For a field of TSV: the backslash is shown as `\\` as well, so that the text can be had back. */
export function harmlessField(text: string): string {
  return text.toWellFormed().replace(IN_FIELD, visible);
}

function visible(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x100) return SHORT[character] ?? `\\x${code.toString(16).padStart(2, '0')}`;
  return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\u{${code.toString(16)}}`;
}

/** Bytes that arrive piece by piece: a character may be cut in two, and so may a CR LF. */
export class HarmlessStream {
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  #held = '';

  push(bytes: Uint8Array): string {
    const text = this.#held + this.#decoder.decode(bytes, { stream: true });
    this.#held = text.endsWith('\r') ? '\r' : '';
    return harmlessText(text.slice(0, text.length - this.#held.length));
  }

  end(): string {
    return harmlessText(this.#held + this.#decoder.decode());
  }
}

export function harmlessBytes(bytes: Uint8Array): string {
  const stream = new HarmlessStream();
  return stream.push(bytes) + stream.end();
}
