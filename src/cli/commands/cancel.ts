import { changeCommand } from '../change-command.js';
import type { CancelOptions } from '../../job/cancel-options.js';
import type { Flags } from '../flags.js';

export const cancel = changeCommand({
  name: 'cancel',
  description: `Cancels jobs. One that waits never runs. One that runs is asked to end, with all its processes: it gets
TERM, and KILL when its grace is over; the command does not wait for that. No attempt is counted, and nothing is retried.

A job that ends with 0 before the signal reaches it is completed; afterwards it is cancelled, whatever its exit code.
A second cancel can only hasten the end. Cancelled jobs keep their history.`,
  examples: [
    { command: 'queuectl cancel 42', does: 'one job' },
    { command: 'queuectl cancel 42 --now', does: 'without any grace' },
    { command: 'queuectl cancel 42 43 --signal INT --grace 1m', does: 'two, by SIGINT, KILL after a minute' },
    { command: 'queuectl cancel state:pending queue:video', does: 'all that wait in a queue' },
  ],
  flags: [
    { long: 'signal', argument: 'SIGNAL', help: 'the signal to begin with, by name or number (TERM)' },
    { long: 'grace', argument: 'DURATION', help: "how long until KILL (the job's own grace)" },
    { long: 'now', help: 'KILL at once' },
    { long: 'reason', argument: 'TEXT', help: 'why; show prints it' },
  ],
  act: (context) => ({
    act: { act: 'cancel', ...readOptions(context.flags) },
    verb: 'cancel',
    participle: 'cancelled',
    sentence: (id, { state }) =>
      state === 'cancelled' ? `Job ${id} is cancelled.` : `Job ${id} has been asked to end.`,
  }),
});

function readOptions(flags: Flags): CancelOptions {
  return {
    signal: flags.text('signal'),
    grace: flags.text('grace'),
    now: flags.has('now'),
    reason: flags.text('reason'),
  };
}
