import { changeCommand } from '../change-command.js';

export const dlqRetry = changeCommand({
  name: 'dlq retry',
  description: `Puts dead jobs back into the queue, with all their attempts. Their history is kept.`,
  examples: [
    { command: 'queuectl dlq retry 42', does: 'one job' },
    { command: 'queuectl dlq retry exit:127 queue:video', does: 'those that failed in one way' },
    { command: 'queuectl dlq retry --all --yes', does: 'all of them, without asking' },
  ],
  ofDead: true,
  flags: [{ long: 'delay', short: 'd', argument: 'DURATION', help: 'not before this long from now' }],
  act: (context) => ({
    act: { act: 'retry', from: ['dead'], delay: context.flags.text('delay') },
    verb: 'retry',
    participle: 'retried',
    sentence: (id) => `✅ Job ${id} has been re-queued for retry.`,
  }),
});
