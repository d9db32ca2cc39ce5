/** The dead letter queue by cause: how many jobs each has, what they say, and the words that mean them. */
import { commandText } from '../job/command.js';
import { bareEnd } from '../job/plain-end.js';
import type { ListOptions } from '../list-options.js';
import type { Queue } from '../queue.js';
import type { GroupBy, JobGroup } from '../job/selection.js';
import { formatInstant } from '../time.js';
import type { Context } from './command.js';
import { lastLines, outputTail } from './job-output.js';
import { instantCell } from './output/table.js';

export const GROUPS: readonly GroupBy[] = ['error', 'queue', 'command'];

export const GROUP_FIELDS = ['group', 'jobs', 'filter', 'example', 'output', 'last_at'] as const;

interface DeadGroup {
  /** What they have in common, for a person. */
  readonly name: string;
  readonly jobs: number;
  /** The words that mean these dead jobs and no others. */
  readonly filter: string;
  readonly exampleId: string;
  /** The last line of what the example printed. */
  readonly output: string;
  readonly lastAtMs: number;
}

export async function printDeadGroups(
  { output }: Context,
  queue: Queue,
  by: GroupBy,
  chosen: Pick<ListOptions, 'filter' | 'queue'>,
): Promise<void> {
  const groups = await queue.groups({ states: ['dead'], ...chosen }, by);
  const dead: DeadGroup[] = [];
  for (const group of groups) dead.push(await describe(queue, group, groups));
  if (output.json) return output.array(dead.map(toJson));
  output.heading('Dead Letter Queue Jobs');
  await output.table({
    columns: [
      { name: 'jobs', right: true },
      { name: by },
      { name: 'output' },
      { name: 'example' },
      { name: 'last_at' },
      { name: 'filter' },
    ],
    rows: dead.map((group) => [
      group.jobs,
      group.name,
      group.output,
      group.exampleId,
      instantCell(group.lastAtMs),
      // To be pasted behind a command.
      commandText([group.filter]),
    ]),
  });
  if (dead.length > 0)
    output.note('queuectl dlq show EXAMPLE says more, queuectl dlq retry FILTER runs a group again');
}

async function describe(queue: Queue, group: JobGroup, all: readonly JobGroup[]): Promise<DeadGroup> {
  const { queue: name, command, jobs, exampleId, lastAtMs } = group;
  const example = await queue.store.getJob(exampleId);
  const run = example === null ? undefined : (await queue.latestRuns([example])).get(example.seq);
  const tail = example === null || run === undefined ? '' : await outputTail(queue, example, run);
  return {
    name: name ?? command ?? nameOfError(group),
    jobs,
    filter: filterOf(group, all),
    exampleId,
    output: lastLines(tail, 1),
    lastAtMs,
  };
}

function nameOfError({ reason, exitCode, signal }: JobGroup): string {
  return reason ?? bareEnd({ exitCode, signal });
}

/** The shortest words that no other group has. */
function filterOf({ queue, command, exitCode, signal, reason }: JobGroup, all: readonly JobGroup[]): string {
  if (queue !== null) return `queue:${queue}`;
  if (command !== null) return `command:${quoted(command)}`;
  const isAlone = (same: (group: JobGroup) => boolean): boolean => all.filter(same).length === 1;
  if (exitCode !== null && isAlone((group) => group.exitCode === exitCode)) return `exit:${exitCode}`;
  if (signal !== null && isAlone((group) => group.signal === signal))
    return `signal:${signal.replace(/^SIG/, '')}`;
  return reason === null ? `exit:${exitCode}` : `reason:${quoted(reason)}`;
}

/** As a filter reads it back, whatever quotes are in it. */
function quoted(text: string): string {
  if (text.includes('"') && !text.includes("'")) return `'${text}'`;
  return text
    .split('"')
    .map((part) => `"${part}"`)
    .join(`'"'`);
}

function toJson({ name, jobs, filter, exampleId, output, lastAtMs }: DeadGroup): Record<string, unknown> {
  return { group: name, jobs, filter, example: exampleId, output, last_at: formatInstant(lastAtMs) };
}
