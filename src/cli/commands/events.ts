import type { Queue } from '../../queue.js';
import { HOUR } from '../../time.js';
import type { Command, Context } from '../command.js';
import { EventSource } from '../events/event-source.js';
import {
  EVENT_COLUMNS,
  EVENT_FIELDS,
  eventLine,
  eventRow,
  inOrder,
  queueEventJson,
} from '../events/queue-event.js';
import type { QueueEvent } from '../events/queue-event.js';
import { readQueue } from '../job-filter.js';
import type { Output } from '../output/output.js';
import { exitCodeOf, onEndSignal } from '../signals.js';
import { readSince } from '../since.js';
import { onEachChange } from '../store-changes.js';

/** The latest of what happened before, which is put in order in memory. */
const MOST_EVENTS = 100_000;
/** Time for a transaction to follow another: what a worker does in one go is told together, and in order. */
const REST_MS = 10;

export const events: Command = {
  usage: '[options]',
  description: `What happened: jobs enqueued, started, finished, retry_scheduled, dead, cancelled; by a person cancel_requested,
held, released, retried, changed, removed; queues paused, resumed; worker_started, worker_stopped. -f goes on with what
happens, within 50 ms, until Ctrl-C.

Nothing is written down as it happens: events are read from the jobs, their runs, and what persons did (kept for 30 days).
What is stored is told at least once, in the order of time within each look. Of a job that waits again, a run that began and
ended between two looks may be told late, should over 1,000 jobs wait for a retry: when it starts again or is over. What was
removed before a look is not told but as removed; a
retry that has come, and a pause or a worker that came and went between two looks, is not told.
Without -f at most the latest ${MOST_EVENTS} are printed. --json prints an object a line, always with the same keys.`,
  examples: [
    { command: 'queuectl events', does: 'of the last hour' },
    { command: 'queuectl events -f --queue mail', does: 'what happens in this queue, as it happens' },
    { command: 'queuectl events --job 42', does: 'the story of a job' },
    { command: 'queuectl events -f --json', does: 'for a program' },
  ],
  flags: [
    { long: 'follow', short: 'f', help: 'go on with what happens; without --since from now on' },
    { long: 'since', argument: 'TIME', help: 'from then on: "10m" ago, or "2026-12-24T18:00:00Z" (1h)' },
    {
      long: 'queue',
      short: 'g',
      argument: 'NAME',
      help: 'what happens to jobs of this queue, and to itself',
    },
    { long: 'job', argument: 'ID', help: 'what happens to this job; from its beginning on' },
  ],
  fields: () => EVENT_FIELDS,
  run: async (context) => {
    const { flags, openQueue } = context;
    const givenMs = readSince(flags);
    const queueName = readQueue(flags);
    const queue = await openQueue();
    const id = flags.text('job');
    const job = id === undefined ? null : await queue.get(id);
    const sinceMs = givenMs ?? job?.createdAtMs ?? (flags.has('follow') ? null : Date.now() - HOUR);
    const isWanted = (event: QueueEvent): boolean =>
      (queueName === undefined || event.queue === queueName || isOfAll(event)) &&
      (job === null || event.seq === job.seq);
    const printer = new Printer(context.output);
    const source = await EventSource.open(queue.store, sinceMs);
    if (sinceMs !== null) await printPast(context, printer, source, isWanted);
    return flags.has('follow') ? follow(queue, printer, source, isWanted) : 0;
  },
};

/** A pause of all queues is one of each of them. */
function isOfAll({ event, queue }: QueueEvent): boolean {
  return (event === 'paused' || event === 'resumed') && queue === undefined;
}

async function printPast(
  { output }: Context,
  printer: Printer,
  source: EventSource,
  isWanted: (event: QueueEvent) => boolean,
): Promise<void> {
  let kept: QueueEvent[] = [];
  let hasMore = false;
  for (;;) {
    const { events: found, more } = await source.look();
    kept.push(...found.filter(isWanted));
    if (kept.length > 2 * MOST_EVENTS || !more) {
      kept = inOrder(kept);
      hasMore ||= kept.length > MOST_EVENTS;
      kept = kept.slice(-MOST_EVENTS);
    }
    if (!more) break;
  }
  printer.print(kept);
  if (hasMore) output.note(`only the latest ${MOST_EVENTS} are shown: give a later --since`);
}

async function follow(
  queue: Queue,
  printer: Printer,
  source: EventSource,
  isWanted: (event: QueueEvent) => boolean,
): Promise<number> {
  const over = new AbortController();
  const stopListening = onEndSignal((signal) => over.abort(signal));
  const tell = async (): Promise<void> => {
    for (;;) {
      const { events: found, more } = await source.look();
      printer.print(found.filter(isWanted));
      if (!more || over.signal.aborted) return;
    }
  };
  await onEachChange(queue.store, tell, { signal: over.signal, restMs: REST_MS });
  stopListening();
  return exitCodeOf(String(over.signal.reason));
}

/** Lines on a terminal, a growing TSV in a pipe, or an object a line. */
class Printer {
  readonly #output: Output;
  #hasHeader = false;

  constructor(output: Output) {
    this.#output = output;
  }

  print(found: readonly QueueEvent[]): void {
    const { json, quiet, terminal } = this.#output;
    if (json) return this.#output.streamedAll(found.map(queueEventJson));
    if (terminal) return this.#output.lines(found.map(eventLine));
    if (!this.#hasHeader && !quiet) this.#output.line(EVENT_COLUMNS.join('\t'));
    this.#hasHeader = true;
    this.#output.lines(found.map(eventRow));
  }
}
