/**
 * The commands that scripts and people run again and again. They are in a bundle of their own, too, which starts faster
 * than the one with all commands: bin/queuectl.cjs takes it where one of these words comes first.
 */
import { entry } from './command.js';
import type { CommandEntry } from './command.js';

export const HOT_COMMANDS: readonly CommandEntry[] = [
  entry(
    'enqueue',
    'put jobs into the queue',
    async () => (await import('./commands/enqueue.js')).enqueue,
    'add',
  ),
  entry('list', 'list jobs', async () => (await import('./commands/list.js')).list, 'ls', 'ps'),
  entry('show', 'everything about one job', async () => (await import('./commands/show.js')).show, 'inspect'),
  entry(
    'status',
    'how many jobs and which workers there are',
    async () => (await import('./commands/status.js')).status,
  ),
];
