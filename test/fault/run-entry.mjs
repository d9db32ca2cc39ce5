// Runs a TypeScript entry of this folder: builds the command line with its fail-points, bundles the entry, calls
// its main with the arguments, and exits with what that returns.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import * as esbuild from 'esbuild';
import { build } from '../../scripts/build.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** @param {string} entry a file below test/fault */
export async function runEntry(entry) {
  if (!(await build({ types: false, test: true }))) process.exit(1);
  // Below the project, so that the driver is found in its node_modules.
  const outfile = join(root, 'dist-test', `entry-${process.pid}.mjs`);
  await esbuild.build({
    entryPoints: [join(root, 'test/fault', entry)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'warning',
    define: { __FAILPOINTS__: 'true' },
  });
  let exitCode = 1;
  try {
    const { main } = await import(pathToFileURL(outfile).href);
    exitCode = await main(process.argv.slice(2));
  } finally {
    rmSync(outfile, { force: true });
  }
  process.exit(exitCode);
}
