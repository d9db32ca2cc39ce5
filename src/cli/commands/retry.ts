import { changeCommand } from '../change-command.js';

export const retry = changeCommand({
  name: 'retry',
  description: `Lets jobs that are over (dead, cancelled, completed) run again, with all their attempts, and jobs that wait
for their retry at once. Their history is kept.`,
  examples: [
    { command: 'queuectl retry 42', does: 'one job' },
    { command: 'queuectl retry state:failed', does: 'every job that waits for its retry, now' },
    {
      command: 'queuectl retry state:cancelled after:-1h --delay 10m',
      does: 'what was cancelled lately, in ten minutes',
    },
  ],
  flags: [{ long: 'delay', short: 'd', argument: 'DURATION', help: 'not before this long from now' }],
  act: (context) => ({
    act: { act: 'retry', delay: context.flags.text('delay') },
    verb: 'retry',
    participle: 'retried',
    sentence: (id) => `✅ Job ${id} has been re-queued for retry.`,
  }),
});
