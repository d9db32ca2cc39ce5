import type { Command } from '../command.js';
import { PAUSES_FIELDS, pausesJson } from '../pauses-json.js';
import { noteNewQueues, readQueueNames } from '../queue-names.js';

export const pause: Command = {
  usage: '[options] [QUEUE…]',
  arguments: '[queues...]',
  description: `Pauses queues; without a name all of them, also those that come later. No worker claims a job of a paused
queue any more; what runs goes on, and jobs can still be put in. What a worker has claimed a moment ahead goes back as
soon as it hears of the pause, within milliseconds; after 500 ms at the latest nothing of it starts. "queuectl run" is
no worker, and goes on.`,
  examples: [
    { command: 'queuectl pause mail', does: 'nothing of this queue starts' },
    { command: 'queuectl pause', does: 'nothing at all starts' },
    { command: 'queuectl status', does: 'what is paused' },
  ],
  fields: () => PAUSES_FIELDS,
  run: async ({ args, output, openQueue }) => {
    const names = readQueueNames(args, 'a queue');
    const queue = await openQueue();
    await noteNewQueues(output, queue, names);
    await queue.pause(...names);
    if (output.json) return output.object(pausesJson(await queue.pauses()));
    if (names.length === 0) output.say('All queues are paused.');
    for (const name of names) output.say(`Queue ${name} is paused.`);
  },
};
