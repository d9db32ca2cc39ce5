import type { Command } from '../command.js';
import { actOnEach } from '../each-job.js';
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
  run: async (context) => {
    const queue = await context.openQueue();
    await actOnEach(context, {
      act: (id) => queue.retryDead(id),
      sentence: (id) => `✅ Job ${id} has been re-queued for retry.`,
      participle: 'retried',
    });
  },
};
