/** Names of queues, as commands take them. */
import { didYouMean } from '../errors.js';
import { readValue } from '../job/option-kinds.js';
import type { Queue } from '../queue.js';
import type { Output } from './output/output.js';

/** Each once. Throws `usage` for what no queue can be called. */
export function readQueueNames(words: readonly string[], label: string): string[] {
  return [...new Set(words.map((word) => String(readValue({ kind: 'name' }, word, label))))];
}

/** A queue begins with its first job, so that a new name is no mistake; but it may be a mistyped one. */
export async function noteNewQueues(
  output: Pick<Output, 'note'>,
  queue: Queue,
  names: readonly string[],
): Promise<void> {
  const known = (await queue.queues()).map(({ name }) => name);
  for (const name of names) {
    if (known.includes(name)) continue;
    const hint = didYouMean(name, known);
    output.note(`no job has been in the queue ${name} yet${hint === undefined ? '' : `: ${hint}`}`);
  }
}
