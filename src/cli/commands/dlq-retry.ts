import { QueueError } from '../../errors.js';
import type { Job } from '../../job/job.js';
import { toJobJson } from '../../job/to-json.js';
import type { Command } from '../command.js';
import { jobFields } from '../job-fields.js';

export const dlqRetry: Command = {
  usage: '[options] ID [ID…]',
  arguments: '<ids...>',
  description: 'Puts dead jobs back into the queue, with all their attempts. Their history is kept.',
  examples: [
    { command: 'queuectl dlq retry 42', does: 'one job' },
    { command: 'queuectl dlq retry $(queuectl dlq list -q)', does: 'all of them' },
  ],
  fields: jobFields,
  run: async ({ args, output, openQueue }) => {
    const ids = [...new Set(args)];
    const queue = await openQueue();
    const retried: Job[] = [];
    const refused: QueueError[] = [];
    for (const id of ids) {
      try {
        retried.push(await queue.retryDead(id));
      } catch (error) {
        if (!isRefusal(error)) throw error;
        refused.push(error);
        continue;
      }
      if (output.quiet && !output.json) output.line(id);
      output.say(`✅ Job ${id} has been re-queued for retry.`);
    }
    if (output.json) output.array(retried.map(toJobJson));
    const error = summarize(refused, ids.length);
    if (error !== undefined) throw error;
  },
};

/** About this one job; any other error would meet the rest of them, too. */
function isRefusal(error: unknown): error is QueueError {
  return error instanceof QueueError && (error.code === 'not_found' || error.code === 'conflict');
}

/** One error for all that were refused: their own where none was done, `partial` where some were. */
function summarize(refused: readonly QueueError[], asked: number): QueueError | undefined {
  const [first] = refused;
  if (first === undefined || (refused.length === asked && asked === 1)) return first;
  const code = refused.length === asked ? first.code : 'partial';
  const reasons = refused.map((error) => error.message).join('; ');
  return new QueueError(code, `${refused.length} of ${asked} jobs were not retried: ${reasons}`, first.hint);
}
