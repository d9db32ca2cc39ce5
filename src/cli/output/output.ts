/** What a command prints through: stdout is data, stderr is talk, and the flags decide the form. */
import { harmlessLine } from './harmless.js';
import { pickFields, toJsonText } from './json.js';
import { writeAll } from './print.js';
import { propertyLines, tsvTable } from './table.js';
import type { Properties, Table } from './table.js';
import { terminalWidth } from './terminal.js';

export interface OutputOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  /** stdout is a terminal. */
  readonly terminal: boolean;
  readonly color: boolean;
  /** What `--fields` picked, checked already. */
  readonly fields: readonly string[] | undefined;
  /** Where it goes, the process's own streams by default. */
  readonly write?: (fd: 1 | 2, text: string) => void;
}

export class Output {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly terminal: boolean;
  readonly color: boolean;
  readonly #fields: readonly string[] | undefined;
  readonly #write: (fd: 1 | 2, text: string) => void;

  constructor({ json, quiet, terminal, color, fields, write = writeAll }: OutputOptions) {
    this.json = json;
    this.quiet = quiet;
    this.terminal = terminal;
    this.color = color;
    this.#fields = fields;
    this.#write = write;
  }

  /** What it would print, data and talk, as text. */
  async captured(print: (output: Output) => Promise<void>): Promise<string> {
    let text = '';
    const { json, quiet, terminal, color } = this;
    const write = (_fd: 1 | 2, part: string): void => void (text += part);
    await print(new Output({ json, quiet, terminal, color, fields: this.#fields, write }));
    return text;
  }

  /** A sentence for a person, on stdout; not under --json and -q. */
  say(sentence: string): void {
    if (!this.json && !this.quiet) this.line(harmlessLine(sentence));
  }

  heading(text: string): void {
    this.say(`--- ${text} ---`);
  }

  /** Talk beside the data, on stderr; not under --json and -q. */
  note(text: string): void {
    if (!this.json && !this.quiet) this.#write(2, `${harmlessLine(text)}\n`);
  }

  /** A line of data as it is: the caller knows that it is harmless. */
  line(text: string): void {
    this.#write(1, `${text}\n`);
  }

  /** Many such lines at once: a write each would take longer than the work that they tell of. */
  lines(texts: readonly string[]): void {
    if (texts.length > 0) this.line(texts.join('\n'));
  }

  /** One object: all of it, or the fields that were asked for. */
  object(value: Readonly<Record<string, unknown>>): void {
    this.line(toJsonText(this.#picked(value), this.terminal ? 2 : 0));
  }

  array(values: readonly Readonly<Record<string, unknown>>[]): void {
    this.line(
      toJsonText(
        values.map((value) => this.#picked(value)),
        this.terminal ? 2 : 0,
      ),
    );
  }

  /** One of a stream of objects, a line each. */
  streamed(value: Readonly<Record<string, unknown>>): void {
    this.streamedAll([value]);
  }

  /** The next of a stream of objects, a line each. */
  streamedAll(values: readonly Readonly<Record<string, unknown>>[]): void {
    this.lines(values.map((value) => this.streamLine(value)));
  }

  /** As `streamed` prints it: of the fields that were asked for. */
  streamLine(value: Readonly<Record<string, unknown>>): string {
    return toJsonText(this.#picked(value));
  }

  async table(table: Table): Promise<void> {
    if (!this.terminal) {
      this.#write(1, tsvTable(table));
      return;
    }
    const [{ boxTable }, { createStyle }] = await Promise.all([import('./box.js'), import('./style.js')]);
    this.#write(1, boxTable(table, terminalWidth(), createStyle(this.color)));
  }

  /** One thing: lines on a terminal, a TSV of two columns in a pipe. */
  async properties(properties: Properties): Promise<void> {
    if (this.terminal) this.#write(1, propertyLines(properties));
    else await this.table({ columns: [{ name: 'field' }, { name: 'value' }], rows: properties });
  }

  #picked(value: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
    return this.#fields === undefined ? value : pickFields(value, this.#fields);
  }
}
