/** How a person asks for the end of a job. Pure. */
import { usageError } from '../errors.js';
import { DAY } from '../time.js';
import type { Cancel } from './cancel.js';
import { readValue } from './option-kinds.js';
import { show, unknownWord } from './show-value.js';

/** How a job that runs is to be ended; a job that does not run needs none of it but the reason. */
export interface CancelOptions {
  /** "TERM" (the default), "SIGINT", or a number from 1 to 64. */
  readonly signal?: string | number | undefined;
  /** Until KILL: "10s"; a number is seconds. The job's own by default. */
  readonly grace?: string | number | undefined;
  /** KILL at once. */
  readonly now?: boolean | undefined;
  /** Shown with the job. */
  readonly reason?: string | undefined;
}

const LONGEST_GRACE_MS = DAY;
const LONGEST_REASON = 1000;
const BY_A_PERSON = 'cancelled by a person';

/** Throws `usage`. */
export function parseCancel({ signal, grace, now = false, reason }: CancelOptions): Cancel {
  if (now && (signal !== undefined || grace !== undefined))
    throw usageError('"now" is KILL at once: it excludes a signal and a grace');
  const name = now ? 'SIGKILL' : readSignal(signal ?? 'TERM');
  const kind = { kind: 'duration', minMs: 0, maxMs: LONGEST_GRACE_MS } as const;
  return {
    signal: name,
    graceMs:
      name === 'SIGKILL' ? 0 : grace === undefined ? null : Number(readValue(kind, grace, 'the grace')),
    reason: reason === undefined ? BY_A_PERSON : `${BY_A_PERSON}: ${readReason(reason)}`,
  };
}

const SIGNALS = [
  'HUP',
  'INT',
  'QUIT',
  'ILL',
  'TRAP',
  'ABRT',
  'BUS',
  'FPE',
  'KILL',
  'USR1',
  'SEGV',
  'USR2',
  'PIPE',
  'ALRM',
  'TERM',
  'STKFLT',
  'CHLD',
  'CONT',
  'STOP',
  'TSTP',
  'TTIN',
  'TTOU',
  'URG',
  'XCPU',
  'XFSZ',
  'VTALRM',
  'PROF',
  'WINCH',
  'IO',
  'PWR',
  'SYS',
];
const HIGHEST_SIGNAL = 64;

/** "term", "SIGTERM" and 15 are one signal; those above the names (real-time ones) stay numbers. */
function readSignal(signal: string | number): string {
  const text = String(signal).toUpperCase();
  if (/^\d+$/.test(text)) {
    const number = Number(text);
    if (number < 1 || number > HIGHEST_SIGNAL)
      throw usageError(
        `the signal must be a name or a number from 1 to ${HIGHEST_SIGNAL}, not ${show(signal)}`,
      );
    const name = SIGNALS[number - 1];
    return name === undefined ? String(number) : `SIG${name}`;
  }
  const name = text.replace(/^SIG/, '');
  if (SIGNALS.includes(name)) return `SIG${name}`;
  throw unknownWord('signal', String(signal), SIGNALS);
}

function readReason(reason: string): string {
  const isText = typeof reason === 'string' && reason.trim() !== '' && reason.isWellFormed();
  if (!isText || reason.includes('\0')) throw usageError(`the reason must be a text, not ${show(reason)}`);
  if (reason.length <= LONGEST_REASON) return reason;
  throw usageError(`the reason is longer than ${LONGEST_REASON} characters`);
}
