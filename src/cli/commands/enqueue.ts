import { usageError } from '../../errors.js';
import { commandText } from '../../job/command.js';
import type { JobInput } from '../../job/input.js';
import { unknownWord } from '../../job/show-value.js';
import type { Command, Context } from '../command.js';
import type { Flags } from '../flags.js';
import { callerDirectory, commandOfWords, givenJobFlags, jobFlags, jobFromFlags } from '../job-flags.js';
import { isTerminal } from '../output/terminal.js';
import { asJobInput, readJson } from '../read-json.js';
import { printStored, STORED_FIELDS, StoredJobs } from '../stored-jobs.js';

export const enqueue: Command = {
  usage: `[options] -- COMMAND [ARG…] | '<json>' | -f FILE | -`,
  arguments: '[words...]',
  description: `Puts jobs into the queue. When it returns, they are on the disk.

One word after -- is a line for the shell; several are run exactly as they are, without a shell.
A JSON object has the fields of the options below (max_retries for --max-retries, and "command").
-f reads such an object from each line of a file, - from the standard input.`,
  examples: [
    { command: 'queuectl enqueue -- convert in.png out.jpg', does: 'run these words' },
    { command: `queuectl enqueue -- 'make report && make mail'`, does: 'run a line by the shell' },
    { command: `queuectl enqueue '{"command":"sleep 2"}'`, does: 'the same as JSON' },
    {
      command: 'queuectl enqueue -d 10m --max-retries 5 -- ./sync',
      does: 'in ten minutes, five runs at most',
    },
    { command: 'queuectl enqueue -f jobs.ndjson', does: 'a job on each line' },
  ],
  flags: [
    ...jobFlags(),
    {
      long: 'file',
      short: 'f',
      argument: 'FILE',
      help: 'read a JSON object from each line; - is the standard input',
    },
    {
      long: 'on-conflict',
      argument: 'WHAT',
      help: 'when the id is stored already: error (default) or ignore',
    },
  ],
  fields: () => STORED_FIELDS,
  takesJobWords: true,
  run: async (context) => {
    const onConflict = readOnConflict(context);
    const file = inputFile(context);
    if (file !== undefined) return enqueueFile(context, file, onConflict);
    const job = readJob(context);
    const queue = await context.openQueue();
    printStored(context.output, await queue.enqueue(job, { onConflict }));
  },
};

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
  refuseJobFlags(flags, 'the options of a job in a file stand in its line');
  return file;
}

async function enqueueFile(context: Context, file: string, onConflict: 'error' | 'ignore'): Promise<void> {
  const { enqueueLines } = await import('../enqueue-lines.js');
  const { readInput } = await import('../input-file.js');
  if (file === '-' && isTerminal(0))
    context.output.note('reading jobs from the terminal: a JSON object a line, then Ctrl-D');
  const stored = new StoredJobs(context.output);
  const queue = await context.openQueue();
  await enqueueLines(queue, readInput(file), {
    onConflict,
    cwd: callerDirectory(),
    onStored: (results) => stored.add(results),
  });
  stored.printSummary();
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
  return asJobInput(readJson(json), callerDirectory());
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
