/** What several files look at: a home with one dead job. */
import { createCli } from '../support/cli.js';
import type { Cli } from '../support/cli.js';

/** An instant in TSV and JSON. */
export const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** The job is `job-fail-123`; its one run printed two lines, with a tab and a backslash, and exited with 2. */
export async function withDeadJob(): Promise<Cli> {
  const cli = createCli();
  const command = `printf 'a\\tb\\\\c\\nlast\\n'; exit 2`;
  await cli.ok('enqueue', '--id', 'job-fail-123', '--max-retries', '1', '--', command);
  await cli.drain();
  return cli;
}
