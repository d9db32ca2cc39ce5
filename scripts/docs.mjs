// Writes docs/cli.md and docs/options.md from what the code knows: node scripts/docs.mjs
// A test compares them with the code, so that they cannot fall behind.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import * as esbuild from 'esbuild';
import * as prettier from 'prettier';

const root = fileURLToPath(new URL('..', import.meta.url)).replace(/[\\/]$/, '');

/**
 * As `prettier --check` wants it.
 *
 * @param {string} text
 */
export async function formatMarkdown(text) {
  const options = await prettier.resolveConfig(`${root}/docs/cli.md`);
  return prettier.format(text, { ...options, parser: 'markdown' });
}

async function writeDocs() {
  const outfile = `${root}/node_modules/.cache/queuectl-reference.mjs`;
  await esbuild.build({
    absWorkingDir: root,
    entryPoints: ['src/cli/reference.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    define: { __FAILPOINTS__: 'false', __VERSION__: '""' },
    logLevel: 'warning',
  });
  try {
    const { cliReference, optionsReference } = await import(pathToFileURL(outfile).href);
    mkdirSync(`${root}/docs`, { recursive: true });
    writeFileSync(`${root}/docs/cli.md`, await formatMarkdown(await cliReference()));
    writeFileSync(`${root}/docs/options.md`, await formatMarkdown(optionsReference()));
  } finally {
    rmSync(outfile, { force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await writeDocs();
