// A benchmark that is started by itself prints its table and, last, its figure.
import { pathToFileURL } from 'node:url';
import { machine } from './measure.mjs';
import { requireBuild, sqliteVersion } from './queuectl.mjs';
import { formatTable } from './table.mjs';

/** @typedef {{ title: string, head: string[], rows: string[][], summary: string }} Result */

/**
 * Runs the measurement with the numbers of the command line, where the module is the one that was started.
 *
 * @param {string} url of the module
 * @param {(...numbers: number[]) => Result | Promise<Result>} measure
 */
export async function runAlone(url, measure) {
  if (url !== pathToFileURL(process.argv[1] ?? '').href) return;
  requireBuild();
  console.log(`${machine()}, SQLite ${sqliteVersion()}`);
  const { title, head, rows, summary } = await measure(...process.argv.slice(2).map(Number));
  console.log(`${title}\n\n${formatTable(head, rows)}\n\n${summary}`);
}
