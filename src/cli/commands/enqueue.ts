import { usageError } from '../../errors.js';
import { commandText } from '../../job/command.js';
import type { JobInput } from '../../job/input.js';
import { unknownWord } from '../../job/show-value.js';
import type { Command, Context } from '../command.js';
import type { Flags } from '../flags.js';
import {
  callerDirectory,
  commandOfWords,
  defaultsFromFlags,
  givenJobFlags,
  jobFlags,
  jobFromFlags,
} from '../job-flags.js';
import { jobFields } from '../job-fields.js';
import { asJobInput, readJson } from '../read-json.js';
import { noteUnservedJob } from '../no-worker-note.js';
import { printStored, STORED_FIELDS } from '../stored-jobs.js';

export const enqueue: Command = {
  usage: `[options] -- COMMAND [ARG…] | '<json>' | -f FILE | -`,
  arguments: '[words...]',
  description: `Puts jobs into the queue. When it returns, they are on the disk.

One word after -- is a line for the shell; several are run exactly as they are, without a shell.
A JSON object has the fields of the options below (max_retries for --max-retries, and "command").

-f reads many jobs from a file, - from the standard input. Its first character that is not blank tells what it holds,
unless --format does: { JSON objects, one a line (ndjson); [ an array of them (json); anything else commands, one a
line, each for the shell (lines), where blank lines and those that begin with # are passed over. The options of a job
are then the defaults for all jobs that do not say otherwise. They are stored a thousand at a time, as they are read;
the first bad one ends it, is named by its line, and leaves those before it stored (exit code 7). Jobs with ids of their
own can be given again with --on-conflict ignore: each is stored once.`,
  examples: [
    { command: 'queuectl enqueue -- convert in.png out.jpg', does: 'run these words' },
    { command: `queuectl enqueue -- 'make report && make mail'`, does: 'run a line by the shell' },
    { command: `queuectl enqueue '{"command":"sleep 2"}'`, does: 'the same as JSON' },
    {
      command: 'queuectl enqueue -d 10m --max-retries 5 -- ./sync',
      does: 'in ten minutes, five runs at most',
    },
    { command: 'queuectl enqueue -f jobs.ndjson', does: 'a job on each line' },
    { command: `sed 's/^/optipng /' images.txt | queuectl enqueue -`, does: 'a command on each line' },
    { command: 'queuectl enqueue --dry-run -f jobs.json', does: 'check all of it, store nothing' },
  ],
  flags: [
    ...jobFlags(),
    {
      long: 'file',
      short: 'f',
      argument: 'FILE',
      help: 'read jobs from it; - is the standard input',
    },
    {
      long: 'format',
      argument: 'WHAT',
      help: 'what the file holds: ndjson, json or lines (as its first character says)',
    },
    {
      long: 'on-conflict',
      argument: 'WHAT',
      help: 'when the id is stored already: error (default) or ignore',
    },
    { long: 'wait', help: 'wait until the job is over, and exit as it does (queuectl help wait)' },
    { long: 'follow', help: 'the same, and print what it prints, as it prints it' },
    { long: 'dry-run', help: 'check everything but whether ids are stored already; store nothing' },
  ],
  fields: () => [...new Set([...STORED_FIELDS, ...jobFields()])],
  takesJobWords: true,
  run: async (context) => {
    const onConflict = readOnConflict(context);
    const isDry = context.flags.has('dry-run');
    if (isDry && context.flags.has('fields')) throw usageError('--fields and --dry-run exclude each other');
    const file = inputFile(context);
    const isAwaited = readAwaited(context, file !== undefined || isDry);
    if (file !== undefined) return enqueueFrom(context, file, onConflict);
    if (context.flags.has('format')) throw usageError('--format needs a file', 'queuectl enqueue -f FILE');
    const job = readJob(context);
    if (isDry) return (await import('../dry-run.js')).dryRunJob(context, job);
    const queue = await context.openQueue();
    const stored = await queue.enqueue(job, { onConflict });
    if (isAwaited) {
      const { awaitStored } = await import('../await-stored.js');
      return awaitStored(context, queue, job, stored);
    }
    printStored(context.output, stored);
    await noteUnservedJob(context.output, queue, queue.parse(job));
  },
};

/** --wait or --follow. Throws `usage` where they have no meaning. */
function readAwaited({ flags }: Context, isManyOrNone: boolean): boolean {
  const [wait, follow] = [flags.has('wait'), flags.has('follow')];
  const given = follow ? '--follow' : '--wait';
  if (wait && follow) throw usageError('--wait and --follow exclude each other', '--follow waits, too');
  if ((wait || follow) && isManyOrNone)
    throw usageError(
      `${given} is for one job`,
      'give many a tag and wait for it: queuectl enqueue -f FILE --tag T; queuectl wait tag:T',
    );
  if (follow && flags.has('json'))
    throw usageError('--follow and --json exclude each other', '--wait --json prints the job as it ended');
  return wait || follow;
}

function readOnConflict({ flags }: Context): 'error' | 'ignore' {
  const text = flags.text('on-conflict') ?? 'error';
  if (text === 'error' || text === 'ignore') return text;
  throw unknownWord('value of --on-conflict', text, ['error', 'ignore']);
}

/** The file to read jobs from, if that is what was asked for. */
function inputFile({ flags, args, jobWords }: Context): string | undefined {
  const isStdin = args.length === 1 && args[0] === '-';
  const file = flags.text('file') ?? (isStdin ? '-' : undefined);
  if (file === undefined) return undefined;
  if (jobWords !== null || (args.length > 0 && !isStdin))
    throw usageError('a file and a job exclude each other');
  if (isStdin && flags.has('file')) throw usageError('--file and - exclude each other');
  if (flags.has('id'))
    throw usageError('--id is for one job', 'the id of a job in a file stands in its line');
  return file;
}

async function enqueueFrom(
  context: Context,
  file: string,
  onConflict: 'error' | 'ignore',
): Promise<number | void> {
  const { readFormat } = await import('../input-format.js');
  const { flags } = context;
  const options = {
    onConflict,
    format: readFormat(flags.text('format')),
    defaults: defaultsFromFlags(flags),
  };
  if (flags.has('dry-run')) return (await import('../dry-run.js')).dryRunFile(context, file, options);
  return (await import('../enqueue-file.js')).enqueueFile(context, file, options);
}

/** The one job that the words describe. */
function readJob({ flags, args, jobWords }: Context): JobInput {
  const [json, ...more] = args;
  if (jobWords !== null) {
    if (json !== undefined) throw usageError('enqueue takes JSON, or a command after "--", not both');
    return jobFromFlags(commandOfWords(jobWords), flags);
  }
  if (json === undefined) throw usageError('there is nothing to enqueue', 'queuectl enqueue -- sleep 2');
  if (more.length > 0 || !/^\s*[[{"]/.test(json)) throw notOneObject(args);
  refuseJobFlags(flags, 'with JSON, the options of the job stand in it');
  return asJobInput(readJson(json), { cwd: callerDirectory() });
}

function refuseJobFlags(flags: Flags, hint: string): void {
  const [given] = givenJobFlags(flags);
  if (given !== undefined) throw usageError(`${given} needs a command after "--"`, hint);
}

/** What most likely happened: `enqueue echo hi`, or JSON that the shell took apart. */
function notOneObject(words: readonly string[]): Error {
  const looksLikeJson = words[0]?.trimStart().startsWith('{') === true;
  if (looksLikeJson) {
    return usageError(
      'the JSON object was given in several words',
      `quote all of it: queuectl enqueue '{"command": "sleep 2"}'`,
    );
  }
  return usageError(
    'enqueue takes one JSON object, or a command after "--"',
    `queuectl enqueue -- ${commandText(words)}`,
  );
}
