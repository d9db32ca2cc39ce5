/** The end of what a run printed, for a table or a page. */
import type { Job, Run } from '../job/job.js';
import type { Queue } from '../queue.js';
import { harmlessBytes } from './output/harmless.js';

const TAIL_BYTES = 4096;

/** The last few kilobytes as harmless text, from the beginning of a line where that is possible. */
export async function outputTail(queue: Queue, job: Job, run: Run): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const record of queue.output(job, run.run, { last: { bytes: TAIL_BYTES } }))
    if ('bytes' in record) chunks.push(record.bytes);
  const bytes = Buffer.concat(chunks);
  const newline = run.outputBytes <= bytes.length ? -1 : bytes.indexOf('\n');
  return harmlessBytes(bytes.subarray(newline + 1)).trimEnd();
}

export function lastLines(text: string, count: number): string {
  return text.split('\n').slice(-count).join('\n');
}
