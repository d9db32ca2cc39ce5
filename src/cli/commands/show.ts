import type { Job } from '../../job/job.js';
import { toJobJson, toRunJson } from '../../job/to-json.js';
import type { Command } from '../command.js';
import { describeJob, runTable } from '../describe-job.js';
import { jobFields } from '../job-fields.js';
import { lastLines, outputTail } from '../job-output.js';
import type { Queue } from '../../queue.js';
import type { Output } from '../output/output.js';

const LINES = 10;

export const show: Command = {
  usage: '[options] ID',
  arguments: '<id>',
  examples: [
    { command: 'queuectl show 42', does: 'its state, its runs, the end of its output' },
    { command: 'queuectl show 42 --json --fields state,exit_code', does: 'for a script' },
  ],
  fields: () => [...jobFields(), 'runs'],
  run: async ({ args, output, openQueue }) => {
    const queue = await openQueue();
    await showJob(output, queue, await queue.get(args[0] ?? ''));
  },
};

export async function showJob(output: Output, queue: Queue, job: Job): Promise<void> {
  const runs = await queue.runs(job);
  if (output.json) return output.object({ ...toJobJson(job), runs: runs.map(toRunJson) });
  if (output.quiet) return output.line(job.id);
  await output.properties(describeJob(job));
  const last = runs.at(-1);
  if (last === undefined) return;
  output.heading('Runs');
  await output.table(runTable(runs));
  const tail = lastLines(await outputTail(queue, job, last), LINES);
  if (tail === '') return;
  output.heading(`Output (the end of run ${last.run})`);
  output.line(tail);
}
