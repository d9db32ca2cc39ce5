import type { Explanation } from '../../job/explain.js';
import { formatInstant } from '../../time.js';
import type { Command } from '../command.js';

export const explain: Command = {
  usage: '[options] ID',
  arguments: '<id>',
  description: `Says why a job does not run, in one sentence, and what would start it: it is over, runs, is held, waits for its time
or its retry, its queue is paused, no worker serves it, or others stand before it.`,
  examples: [
    { command: 'queuectl explain 42', does: 'the one reason, and what changes it' },
    { command: 'queuectl explain 42 --json --fields reason,hint', does: 'for a script' },
  ],
  fields: () => [
    'id',
    'state',
    'reason',
    'message',
    'hint',
    'since',
    'due_at',
    'ahead',
    'slots',
    'busy',
    'worker',
  ],
  run: async ({ args, output, openQueue }) => {
    const explanation = await (await openQueue()).explain(args[0] ?? '');
    if (output.json) return output.object(toExplanationJson(explanation));
    if (output.quiet) return output.line(explanation.reason);
    output.say(explanation.message);
    if (explanation.hint !== null) output.note(`hint: ${explanation.hint}`);
  },
};

function toExplanationJson({ sinceMs, dueMs, ...rest }: Explanation): Record<string, unknown> {
  const time = (ms: number | null): string | null => (ms === null ? null : formatInstant(ms));
  const { id, state, reason, message, hint, ...facts } = rest;
  return { id, state, reason, message, hint, since: time(sinceMs), due_at: time(dueMs), ...facts };
}
