/** Every command. Its module is loaded only when it is the one that runs. */
import { entry } from './command.js';
import type { CommandEntry } from './command.js';
import { HOT_COMMANDS } from './hot-commands.js';

function hot(name: string): CommandEntry {
  const found = HOT_COMMANDS.find((command) => command.name === name);
  if (found === undefined) throw new Error(`${name} is not among the hot commands`);
  return found;
}

export const COMMANDS: readonly CommandEntry[] = [
  hot('enqueue'),
  entry('run', 'run a command now, as a recorded job', async () => (await import('./commands/run.js')).run),
  hot('list'),
  hot('show'),
  entry('logs', 'what a job printed', async () => (await import('./commands/logs.js')).logs),
  entry(
    'cancel',
    'cancel jobs, or end them where they run',
    async () => (await import('./commands/cancel.js')).cancel,
  ),
  entry(
    'explain',
    'why a job does not run, and what would start it',
    async () => (await import('./commands/explain.js')).explain,
  ),
  entry('wait', 'wait until jobs are over', async () => (await import('./commands/wait.js')).wait),
  entry('retry', 'let jobs that are over run again', async () => (await import('./commands/retry.js')).retry),
  entry('hold', 'put jobs aside', async () => (await import('./commands/hold.js')).hold),
  entry('release', 'let held jobs go', async () => (await import('./commands/release.js')).release),
  entry('set', 'give jobs other settings', async () => (await import('./commands/set.js')).set),
  entry('rm', 'remove jobs for good', async () => (await import('./commands/rm.js')).rm),
  entry('pause', 'let no job of a queue start', async () => (await import('./commands/pause.js')).pause),
  entry('resume', 'let paused queues go on', async () => (await import('./commands/resume.js')).resume),
  hot('status'),
  entry(
    'stats',
    'what the jobs of a time took, and how they ended',
    async () => (await import('./commands/stats.js')).stats,
  ),
  entry(
    'events',
    'what happened, and what happens',
    async () => (await import('./commands/events.js')).events,
  ),
  entry(
    'worker start',
    'run jobs, in this terminal or in the background',
    async () => (await import('./commands/worker-start.js')).workerStart,
  ),
  entry(
    'worker stop',
    'ask workers to finish and exit',
    async () => (await import('./commands/worker-stop.js')).workerStop,
  ),
  entry(
    'worker list',
    'list the workers that run',
    async () => (await import('./commands/worker-list.js')).workerList,
  ),
  entry(
    'worker logs',
    'what a worker in the background has said',
    async () => (await import('./commands/worker-logs.js')).workerLogs,
  ),
  entry(
    'dlq list',
    'list the dead letter queue',
    async () => (await import('./commands/dlq-list.js')).dlqList,
  ),
  entry(
    'dlq retry',
    'let dead jobs run again',
    async () => (await import('./commands/dlq-retry.js')).dlqRetry,
  ),
  entry(
    'dlq show',
    'everything about one dead job',
    async () => (await import('./commands/dlq-show.js')).dlqShow,
  ),
  entry(
    'dlq purge',
    'remove dead jobs for good',
    async () => (await import('./commands/dlq-purge.js')).dlqPurge,
  ),
  entry(
    'prune',
    'remove old jobs that are over',
    async () => (await import('./commands/prune.js')).pruneCommand,
  ),
  entry(
    'migrate',
    'move the queue into a PostgreSQL database',
    async () => (await import('./commands/migrate.js')).migrate,
  ),
  entry(
    'doctor',
    'look whether all is well, and mend',
    async () => (await import('./commands/doctor.js')).doctor,
  ),
  entry(
    'config list',
    'list the settings',
    async () => (await import('./commands/config-list.js')).configList,
  ),
  entry('config get', 'print one setting', async () => (await import('./commands/config-get.js')).configGet),
  entry('config set', 'change a setting', async () => (await import('./commands/config-set.js')).configSet),
  entry(
    'config unset',
    'return a setting to its default',
    async () => (await import('./commands/config-unset.js')).configUnset,
  ),
  entry(
    'config path',
    'print where the settings are stored',
    async () => (await import('./commands/config-path.js')).configPathCommand,
  ),
  entry(
    'version',
    'print the versions of all parts',
    async () => (await import('./commands/version.js')).version,
  ),
  entry('help', 'help for a command or a topic', async () => (await import('./commands/help.js')).help),
];
