/** What happened in a queue, one event at a time, as a line and as JSON. */
import type { OutcomeKind } from '../../job/job.js';
import { formatDuration, formatInstant, formatLocal } from '../../time.js';
import { harmlessField, harmlessLine } from '../output/harmless.js';

/** In the order in which they follow each other where they have one time. */
const EVENT_KINDS = [
  'worker_started',
  'paused',
  'resumed',
  'enqueued',
  'cancel_requested',
  'held',
  'released',
  'retried',
  'changed',
  'started',
  'finished',
  'retry_scheduled',
  'dead',
  'cancelled',
  'removed',
  'worker_stopped',
] as const;

export type EventKind = (typeof EVENT_KINDS)[number];

export interface QueueEvent {
  readonly event: EventKind;
  readonly atMs: number;
  readonly seq?: number;
  readonly job?: string;
  /** Missing: of all queues, or not known any more. */
  readonly queue?: string | null;
  readonly run?: number;
  readonly worker?: number | null;
  readonly outcome?: OutcomeKind;
  readonly exitCode?: number | null;
  readonly signal?: string | null;
  readonly reason?: string | null;
  readonly durationMs?: number;
  readonly dueAtMs?: number;
}

/** By time; what has one time in its natural order. */
export function inOrder(events: readonly QueueEvent[]): QueueEvent[] {
  const rank = ({ event }: QueueEvent): number => EVENT_KINDS.indexOf(event);
  return events.toSorted((a, b) => a.atMs - b.atMs || rank(a) - rank(b) || (a.seq ?? 0) - (b.seq ?? 0));
}

/** Every key is always there, so that a script need not ask for the event first. */
export function queueEventJson(event: QueueEvent): Record<string, unknown> {
  return {
    time: formatInstant(event.atMs),
    event: event.event,
    job: event.job ?? null,
    queue: event.queue ?? null,
    run: event.run ?? null,
    worker: event.worker === undefined || event.worker === null ? null : String(event.worker),
    outcome: event.outcome ?? null,
    exit_code: event.exitCode ?? null,
    signal: event.signal ?? null,
    reason: event.reason ?? null,
    duration_ms: event.durationMs ?? null,
    due_at: event.dueAtMs === undefined ? null : formatInstant(event.dueAtMs),
  };
}

export const EVENT_FIELDS = Object.keys(queueEventJson({ event: 'paused', atMs: 0 }));

export const EVENT_COLUMNS = ['time', 'event', 'job', 'queue', 'run', 'detail'] as const;

/** For a pipe: fields that are parted by tabs, as EVENT_COLUMNS has them. */
export function eventRow(event: QueueEvent): string {
  const { job = '', queue, run = '' } = event;
  const fields = [formatInstant(event.atMs), event.event, job, queue ?? '', String(run), detail(event)];
  return fields.map(harmlessField).join('\t');
}

const WIDEST = Math.max(...EVENT_KINDS.map((kind) => kind.length));

/** For a terminal. */
export function eventLine(event: QueueEvent): string {
  const { job, queue, run } = event;
  const where = queue === undefined || queue === null ? '' : `(${queue})`;
  const what =
    job === undefined ? [queue ?? ''] : [`job ${job}`, where, run === undefined ? '' : `run ${run}`];
  const words = [formatLocal(event.atMs), event.event.padEnd(WIDEST), ...what, detail(event)];
  return harmlessLine(words.filter((word) => word !== '').join('  '));
}

function detail(event: QueueEvent): string {
  const { outcome, durationMs = 0, reason } = event;
  const because = reason === undefined || reason === null ? '' : reason;
  if (outcome !== undefined)
    return `${outcome} after ${formatDuration(durationMs)}${because === '' ? '' : `: ${because}`}`;
  if (event.dueAtMs !== undefined) return `due ${formatInstant(event.dueAtMs)}`;
  if (event.worker !== undefined && event.worker !== null) return `worker ${event.worker}`;
  if (event.event === 'paused' || event.event === 'resumed')
    return event.queue === undefined ? 'all queues' : '';
  return because;
}
