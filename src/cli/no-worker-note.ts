/** Says on stderr that jobs wait for a worker which nobody has started, and how to start one. */
import type { Lane } from '../job/lane.js';
import type { NewJob } from '../job/job.js';
import type { Queue } from '../queue.js';
import { MINUTE } from '../time.js';
import type { Output } from './output/output.js';

/** Of a job that begins later than this, nobody need say so yet. The store draws the same line. */
const SOON_MS = MINUTE;

/** After a job was stored: one indexed read, and a look at the lock of one worker. */
export async function noteUnservedJob(output: Output, queue: Queue, job: NewJob): Promise<void> {
  const delayMs = 'atMs' in job.start ? job.start.atMs - Date.now() : job.start.delayMs;
  if (!isSaid(output) || delayMs > SOON_MS) return;
  noteUnserved(output, await queue.store.unservedLanes([{ queue: job.queue, handler: job.handler ?? '' }]));
}

function isSaid({ json, quiet }: Output): boolean {
  return !json && !quiet;
}

/** The same for all jobs that wait, whoever stored them. */
export async function noteUnservedJobs(output: Output, queue: Queue): Promise<void> {
  if (isSaid(output)) noteUnserved(output, await queue.store.unservedLanes());
}

/** Of lanes that have jobs and that nobody serves. */
export function noteUnserved(output: Output, unserved: readonly Lane[]): void {
  const handlers = unserved.filter(({ handler }) => handler !== '');
  const queues = unserved.filter(({ handler }) => handler === '').map((lane) => lane.queue);
  if (queues.length > 0) output.note(`no worker is running for ${queueWords(queues)}: ${startWords(queues)}`);
  for (const { queue: name, handler } of handlers)
    output.note(
      `no worker with the handler ${handler} is running for the queue ${name}: start the program that has it`,
    );
}

const MOST_NAMED = 5;

function queueWords(queues: readonly string[]): string {
  const named = queues.slice(0, MOST_NAMED).join(', ');
  const more = queues.length > MOST_NAMED ? ` and ${queues.length - MOST_NAMED} more` : '';
  return `the ${queues.length === 1 ? 'queue' : 'queues'} ${named}${more}`;
}

/** One that serves them all does, unless some of them are meant to have their own; so one queue alone is named. */
function startWords(queues: readonly string[]): string {
  const [only] = queues;
  return queues.length === 1 && only !== undefined && only !== 'default'
    ? `queuectl worker start --queues ${only}`
    : 'queuectl worker start';
}
