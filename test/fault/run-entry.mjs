// Runs a TypeScript entry of this folder: builds the command line with its fail-points, bundles the entry, calls
// its main with the arguments, and exits with what that returns. With QUEUECTL_TEST_STORE=postgres its homes have
// databases of a server, as the tests have.
import { rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import * as esbuild from 'esbuild';
import { build } from '../../scripts/build.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** @param {string} entry a file below test/fault */
export async function runEntry(entry) {
  if (!(await build({ types: false, test: true }))) process.exit(1);
  // Two folders below the project, as test/support is, from where the tests find the command line.
  const outdir = join(root, 'dist-test', `entry-${process.pid}`);
  let exitCode = 1;
  try {
    const pool = await bundle('../support/database-pool.ts', outdir);
    const giveUp = await pool.setup();
    try {
      const { main } = await bundle(entry, outdir);
      exitCode = await main(process.argv.slice(2));
    } finally {
      await giveUp?.();
    }
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
  process.exit(exitCode);
}

/**
 * @param {string} entry
 * @param {string} outdir
 */
async function bundle(entry, outdir) {
  const outfile = join(outdir, `${basename(entry, '.ts')}.mjs`);
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
  return import(pathToFileURL(outfile).href);
}
