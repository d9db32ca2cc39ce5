import { didYouMean, QueueError, usageError } from '../../errors.js';
import { readValue } from '../../job/option-kinds.js';
import type { Queue } from '../../queue.js';
import type { Session } from '../../store/store.js';
import type { Command, Context } from '../command.js';
import { liveWorkers } from '../live-workers.js';
import { exitCodeOf, onEndSignal } from '../signals.js';
import { waitForEnds } from '../worker-ends.js';
import { listWorkerLogs, workerLog } from '../worker-log/files.js';
import { workerLogPrinter } from '../worker-log/printer.js';
import { readWorkerLog } from '../worker-log/reader.js';

export const workerLogs: Command = {
  usage: '[options] [NAME]',
  arguments: '[name]',
  description: `Prints what a worker in the background has said, also that of one which is gone. Without a name: of the only one
that runs or, where none does, the only one that has a log. Times are in UTC. --json prints an object a line: time (null
where a line has none) and text.

With -f it goes on with what the worker says, until the worker is gone or Ctrl-C.`,
  examples: [
    { command: 'queuectl worker logs', does: 'of the only one' },
    { command: 'queuectl worker logs -f -n 20 mail', does: 'its last lines, and what it says from now on' },
  ],
  flags: [
    { long: 'follow', short: 'f', help: 'go on with what it says, until it is gone' },
    { long: 'lines', short: 'n', argument: 'N', help: 'only the last lines' },
  ],
  fields: () => ['time', 'text'],
  run: async (context) => {
    const { args, flags, openQueue } = context;
    const lastLines = flags.integer('lines', 0, Number.MAX_SAFE_INTEGER);
    const queue = await openQueue();
    const living = await liveWorkers(queue);
    const name = chooseLog(queue, args[0], living);
    const log = workerLog(queue.store.workersDir, name);
    if (flags.has('follow')) return follow(context, queue, { name, log, lastLines, living });
    await print(context, log, { lastLines });
    return 0;
  },
};

/** Throws `not_found` where there is no such log, `usage` where a name is needed. */
function chooseLog({ store }: Queue, wanted: string | undefined, living: readonly Session[]): string {
  const names = living.map((worker) => worker.name);
  const logs = listWorkerLogs(store.workersDir, names);
  if (wanted !== undefined) {
    const name = String(readValue({ kind: 'name' }, wanted, 'the name of a worker'));
    if (logs.includes(name)) return name;
    throw names.includes(name) ? noLog(name) : noSuchLog(name, logs);
  }
  const running = logs.filter((log) => names.includes(log));
  const [only, ...others] = running.length > 0 ? running : logs;
  if (only === undefined)
    throw new QueueError(
      'not_found',
      'no worker has a log',
      'queuectl worker start --detach runs one that has',
    );
  if (others.length === 0) return only;
  throw usageError(
    `several workers have a log: ${[only, ...others].join(', ')}`,
    `queuectl worker logs ${only}`,
  );
}

function noLog(name: string): QueueError {
  return new QueueError(
    'not_found',
    `worker ${name} has no log: it does not run in the background`,
    'what it says is on its own terminal',
  );
}

function noSuchLog(name: string, logs: readonly string[]): QueueError {
  const known =
    logs.length === 0
      ? 'no worker has one yet: queuectl worker start --detach'
      : `these have one: ${logs.join(', ')}`;
  return new QueueError(
    'not_found',
    `there is no log of a worker named ${JSON.stringify(name)}`,
    didYouMean(name, logs) ?? known,
  );
}

interface Followed {
  readonly name: string;
  readonly log: string;
  readonly lastLines: number | undefined;
  readonly living: readonly Session[];
}

async function follow(
  context: Context,
  queue: Queue,
  { name, log, lastLines, living }: Followed,
): Promise<number> {
  const over = new AbortController();
  const stopListening = onEndSignal((signal) => over.abort(signal));
  const workers = living.filter((worker) => worker.name === name);
  const watching = waitForEnds(queue, workers, { signal: over.signal }).then(() => over.abort('gone'));
  await print(context, log, { lastLines, follow: over.signal });
  await watching;
  stopListening();
  const reason = String(over.signal.reason);
  if (reason !== 'gone') return exitCodeOf(reason);
  context.output.note(`worker ${name} is gone`);
  return 0;
}

async function print(
  { output }: Context,
  log: string,
  options: { readonly lastLines: number | undefined; readonly follow?: AbortSignal },
): Promise<void> {
  const printer = workerLogPrinter(output);
  for await (const bytes of readWorkerLog(log, options)) printer.push(bytes);
  printer.end();
}
