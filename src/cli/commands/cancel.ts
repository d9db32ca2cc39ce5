import { parseCancel } from '../../job/cancel-options.js';
import type { CancelOptions } from '../../job/cancel-options.js';
import type { Command } from '../command.js';
import { actOnEach } from '../each-job.js';
import type { Flags } from '../flags.js';
import { jobFields } from '../job-fields.js';

export const cancel: Command = {
  usage: '[options] ID [ID…]',
  arguments: '<ids...>',
  description: `Cancels jobs. One that waits never runs. One that runs is asked to end, with all its processes: it gets
TERM, and KILL when its grace is over; the command does not wait for that. No attempt is counted, and nothing is retried.

A job that ends with 0 before the signal reaches it is completed; afterwards it is cancelled, whatever its exit code.
A second cancel can only hasten the end. Cancelled jobs keep their history.`,
  examples: [
    { command: 'queuectl cancel 42', does: 'one job' },
    { command: 'queuectl cancel 42 --now', does: 'without any grace' },
    { command: 'queuectl cancel 42 43 --signal INT --grace 1m', does: 'two, by SIGINT, KILL after a minute' },
    { command: 'queuectl cancel $(queuectl list -q)', does: 'all that are pending' },
  ],
  flags: [
    { long: 'signal', argument: 'SIGNAL', help: 'the signal to begin with, by name or number (TERM)' },
    { long: 'grace', argument: 'DURATION', help: "how long until KILL (the job's own grace)" },
    { long: 'now', help: 'KILL at once' },
    { long: 'reason', argument: 'TEXT', help: 'why; show prints it' },
  ],
  fields: jobFields,
  run: async (context) => {
    const options = readOptions(context.flags);
    // Before anything is changed or opened.
    parseCancel(options);
    const queue = await context.openQueue();
    await actOnEach(context, {
      act: (id) => queue.cancel(id, options),
      sentence: (id, { state }) =>
        state === 'cancelled' ? `Job ${id} is cancelled.` : `Job ${id} has been asked to end.`,
      participle: 'cancelled',
    });
  },
};

function readOptions(flags: Flags): CancelOptions {
  return {
    signal: flags.text('signal'),
    grace: flags.text('grace'),
    now: flags.has('now'),
    reason: flags.text('reason'),
  };
}
