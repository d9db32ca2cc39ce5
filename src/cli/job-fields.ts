import type { Job } from '../job/job.js';
import { parseJobInput } from '../job/parse-job.js';
import { toJobJson } from '../job/to-json.js';

/** Every field of a job's JSON. Asked of the shape itself, so that it can never fall behind. */
export function jobFields(): readonly string[] {
  const { start, ...rest } = parseJobInput({ command: 'true' });
  void start;
  const never = { runAtMs: 0, createdAtMs: 0, updatedAtMs: 0 };
  const job: Job = { ...rest, ...never, seq: 0, id: '0', state: 'pending', attempts: 0, crashes: 0, run: 0 };
  return Object.keys(toJobJson(job));
}
