import { QueueError } from '../../errors.js';
import type { Command } from '../command.js';
import { show, showJob } from './show.js';

export const dlqShow: Command = {
  usage: '[options] ID',
  arguments: '<id>',
  description:
    'Everything about one dead job: why it failed, each of its runs, and the end of what it printed.',
  examples: [{ command: 'queuectl dlq show 42', does: 'why it is dead' }],
  ...(show.fields === undefined ? {} : { fields: show.fields }),
  run: async ({ args, output, openQueue }) => {
    const queue = await openQueue();
    const job = await queue.get(args[0] ?? '');
    if (job.state !== 'dead')
      throw new QueueError('conflict', `job ${job.id} is ${job.state}, not dead`, `queuectl show ${job.id}`);
    await showJob(output, queue, job);
  },
};
