import type { Command } from '../command.js';
import { PAUSES_FIELDS, pausesJson } from '../pauses-json.js';
import { readQueueNames } from '../queue-names.js';

export const resume: Command = {
  usage: '[options] [QUEUE…]',
  arguments: '[queues...]',
  description: `Lets paused queues go on; without a name all of them. Workers that wait begin at once. A queue that is
not paused stays as it is.`,
  examples: [
    { command: 'queuectl resume mail', does: 'one queue goes on' },
    { command: 'queuectl resume', does: 'all go on' },
  ],
  fields: () => PAUSES_FIELDS,
  run: async ({ args, output, openQueue }) => {
    const names = readQueueNames(args, 'a queue');
    const queue = await openQueue();
    await queue.resume(...names);
    if (output.json) return output.object(pausesJson(await queue.pauses()));
    if (names.length === 0) output.say('No queue is paused.');
    for (const name of names) output.say(`Queue ${name} is not paused.`);
  },
};
