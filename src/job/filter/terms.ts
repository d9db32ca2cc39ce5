/** The keys of a filter, one table for the parser, the help and the docs. Pure. */
import { didYouMean } from '../../errors.js';
import { parseDuration, parseInstant } from '../../time.js';
import { FINAL_STATES, isState, STATES } from '../state.js';
import type { State } from '../state.js';
import type { Filter, Moment, NumberField, Range, TextField, TimeField } from './filter.js';
import { readJobs } from './read-jobs.js';
import { wordError } from './words.js';
import type { Term, Word } from './words.js';

export interface FilterKey {
  readonly key: string;
  readonly example: string;
  readonly help: string;
}

const OUTCOMES = ['success', 'failure', 'timeout', 'cancelled', 'given_back', 'lost'];

const TEXTS: Readonly<Record<string, TextField>> = {
  queue: 'queue',
  tag: 'tag',
  command: 'command',
  label: 'label',
  handler: 'handler',
  signal: 'signal',
  reason: 'reason',
  outcome: 'outcome',
  worker: 'worker',
};
const NUMBERS: Readonly<Record<string, NumberField>> = {
  exit: 'exit',
  priority: 'priority',
  attempts: 'attempts',
  crashes: 'crashes',
  run: 'run',
  'max-retries': 'max_retries',
};
const TIMES: readonly TimeField[] = ['created', 'updated', 'started', 'ended', 'due'];
const LATEST_MS = 8.64e15;

export const FILTER_KEYS: readonly FilterKey[] = [
  {
    key: 'state',
    example: 'state:dead,failed',
    help: 'in one of these states; over: completed, dead or cancelled',
  },
  { key: 'id', example: 'id:3-9,12', help: 'of these names, as without a key' },
  { key: 'queue', example: 'queue:video', help: 'in this queue' },
  { key: 'tag', example: 'tag:nightly', help: 'with this tag' },
  { key: 'command', example: 'command~ffmpeg', help: 'whose command has this in it' },
  { key: 'label', example: 'label~report', help: 'whose label has this in it' },
  { key: 'handler', example: 'handler:resize', help: 'for this handler of a program' },
  {
    key: 'exit',
    example: 'exit:137',
    help: 'whose last run ended with this code: exit:1,2, exit:1-125, exit>0',
  },
  { key: 'signal', example: 'signal:KILL', help: 'whose last run was ended by this signal' },
  { key: 'outcome', example: 'outcome:timeout', help: `whose last run was a ${OUTCOMES.join(', ')}` },
  { key: 'reason', example: 'reason~memory', help: 'whose reason, as show prints it, has this in it' },
  { key: 'worker', example: 'worker:w1', help: 'that this worker runs' },
  { key: 'priority', example: 'priority>0', help: 'of this priority; -5..5 is a range with a negative end' },
  { key: 'attempts', example: 'attempts:2-', help: 'with so many failed runs' },
  { key: 'crashes', example: 'crashes>0', help: 'whose worker died so often' },
  { key: 'run', example: 'run:0', help: 'with so many runs begun' },
  { key: 'max-retries', example: 'max-retries:1', help: 'that may fail so often' },
  { key: 'took', example: 'took>10m', help: 'whose last run took so long' },
  { key: 'after', example: 'after:-2h', help: 'changed since then: so long ago, or a time' },
  { key: 'before', example: 'before:2026-11-24', help: 'not changed since then' },
  ...TIMES.map((field) => ({
    key: `${field}-after, ${field}-before`,
    example: `${field}-after:-1d`,
    help: TIME_HELP(field),
  })),
];

function TIME_HELP(field: TimeField): string {
  return field === 'due' ? 'by the time at which it may start' : `by when it was last ${field}`;
}

const KEYS: readonly string[] = [
  'state',
  ...Object.keys(TEXTS),
  ...Object.keys(NUMBERS),
  'took',
  'id',
  'after',
  'before',
  ...TIMES.flatMap((field) => [`${field}-after`, `${field}-before`]),
];

/** What one word with a key asks for. Throws `usage`, which names the word. */
export function readTerm(word: Word, term: Term): Filter {
  const { key, operator, value } = term;
  if (!KEYS.includes(key) && !isTimeField(key)) {
    const known = didYouMean(key, KEYS) ?? `known keys: ${KEYS.join(', ')}`;
    throw wordError(word, `there is no key "${key}"`, known);
  }
  if (value === '') throw wordError(word, `no value behind "${key}${operator}"`, exampleOf(key));
  if (operator === '!=' || operator === '!~')
    return { kind: 'not', of: readTerm(word, { ...term, operator: operator.slice(1) }) };
  return readPositive(word, term);
}

function readPositive(word: Word, { key, operator, value }: Term): Filter {
  const [text, number] = [TEXTS[key], NUMBERS[key]];
  if (text !== undefined && operator === '~') return { kind: 'contains', field: text, text: value };
  if (number !== undefined && operator !== '~')
    return { kind: 'number', field: number, ranges: readRanges(word, { key, operator, value }, readInteger) };
  if (key === 'took' && operator !== '~')
    return {
      kind: 'number',
      field: 'took',
      ranges: readRanges(word, { key, operator, value }, parseDuration),
    };
  const time = readTime(word, { key, operator, value });
  if (time !== undefined) return time;
  if (operator !== ':' && operator !== '=')
    throw wordError(word, `"${key}" cannot be compared by "${operator}"`, exampleOf(key));
  const values = value.split(',');
  if (values.includes('')) throw wordError(word, 'an empty word in the list', exampleOf(key));
  if (key === 'state') return { kind: 'state', states: values.flatMap((state) => readStates(word, state)) };
  if (text === undefined) return readJobs(word, value);
  return { kind: 'text', field: text, values: values.map((one) => readText(word, text, one)) };
}

function exampleOf(key: string): string | undefined {
  const example = FILTER_KEYS.find((known) => known.key.split(', ').includes(key))?.example;
  return example === undefined ? undefined : `as in ${example}`;
}

function readStates(word: Word, state: string): readonly State[] {
  if (isState(state)) return [state];
  if (state === 'over') return FINAL_STATES;
  if (state === 'all') return STATES;
  const known = [...STATES, 'over', 'all'];
  throw wordError(
    word,
    `there is no state "${state}"`,
    didYouMean(state, known) ?? `known: ${known.join(', ')}`,
  );
}

function readText(word: Word, field: TextField, value: string): string {
  if (field === 'signal') return /^(SIG|\d)/i.test(value) ? value.toUpperCase() : `SIG${value.toUpperCase()}`;
  if (field !== 'outcome' || OUTCOMES.includes(value)) return value;
  throw wordError(
    word,
    `there is no outcome "${value}"`,
    didYouMean(value, OUTCOMES) ?? `known: ${OUTCOMES.join(', ')}`,
  );
}

function readInteger(text: string): number | undefined {
  return /^-?\d{1,15}$/.test(text) ? Number(text) : undefined;
}

type Reader = (text: string) => number | undefined;

/** `5`, `1,2`, `1-125`, `2-`, `-5..5`, or a bound where the operator says so. */
function readRanges(word: Word, { key, operator, value }: Term, read: Reader): readonly Range[] {
  const one = (text: string): number => {
    const number = read(text.trim());
    if (number === undefined)
      throw wordError(
        word,
        `"${text}" is no ${read === readInteger ? 'whole number' : 'duration'}`,
        exampleOf(key),
      );
    return number;
  };
  // Whole numbers and milliseconds: what is over n begins at n + 1.
  if (operator === '>') return [{ from: one(value) + 1, to: null }];
  if (operator === '>=') return [{ from: one(value), to: null }];
  if (operator === '<') return [{ from: null, to: one(value) - 1 }];
  if (operator === '<=') return [{ from: null, to: one(value) }];
  return value.split(',').map((part) => {
    const [, from, to] = /^(.*)\.\.(.*)$/.exec(part) ?? /^(\w+)-(\w*)$/.exec(part) ?? [undefined, part, part];
    const range = { from: from === '' ? null : one(from ?? ''), to: to === '' ? null : one(to ?? '') };
    if (range.from !== null && range.to !== null && range.from > range.to)
      throw wordError(word, `the range "${part}" ends before it begins`);
    return range;
  });
}

function isTimeField(key: string): key is TimeField {
  return (TIMES as readonly string[]).includes(key);
}

/** `after:…`, `created-before:…`, or `created>…`; undefined for another key. */
function readTime(word: Word, { key, operator, value }: Term): Filter | undefined {
  const [, name = 'updated', side] = /^(?:(\w+)-)?(after|before)$/.exec(key) ?? [];
  if (isTimeField(name) && (side === 'after' || side === 'before') && /^[:=]$/.test(operator))
    return { kind: 'time', field: name, side, at: readMoment(word, value) };
  if (!isTimeField(key)) return undefined;
  if (!/^[<>]=?$/.test(operator))
    throw wordError(word, `"${key}" is a time`, `${key}-after:-2h, or ${key}-before:2026-11-24`);
  return {
    kind: 'time',
    field: key,
    side: operator.startsWith('>') ? 'after' : 'before',
    at: readMoment(word, value),
  };
}

/** "-2h" and "2h" lie behind, "+10m" ahead. */
function readMoment(word: Word, value: string): Moment {
  const digits = /^\d{12,16}$/.test(value) ? Number(value) : undefined;
  const atMs = parseInstant(value) ?? digits;
  if (atMs !== undefined && atMs <= LATEST_MS) return { atMs };
  const [, sign, duration = ''] = /^([+-]?)(.*)$/s.exec(value) ?? [];
  const ms = parseDuration(duration);
  if (ms !== undefined && ms <= LATEST_MS) return { fromNowMs: sign === '+' ? ms : -ms };
  throw wordError(word, `"${value}" is no time`, '-2h is two hours ago; or 2026-11-24, 2026-11-24T18:00:00Z');
}
