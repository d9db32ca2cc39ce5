/** docs/api.md tells the truth: its blocks are one program, which compiles and prints what its comments say. */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { bundleProgram, ROOT, startUserProgram, temporaryFolder } from '../support/user-programs.js';

/** The TypeScript of a page, in its order, as one program. */
function programOf(page: string): string {
  const text = readFileSync(join(ROOT, page), 'utf8');
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, block]) => block).join('\n');
}

/** What it says that it prints: each line that prints has a comment with it. */
function promised(program: string): string[] {
  const printing = program.split('\n').filter((line) => line.includes('console.log('));
  return printing.map((line) => / \/\/ (.*)$/.exec(line)?.[1] ?? `no comment: ${line}`);
}

/** The compiler's complaints about programs of users, in a folder of their own. */
async function complaints(files: readonly string[], folder: string): Promise<string> {
  const config = join(folder, 'tsconfig.json');
  const compilerOptions = {
    typeRoots: [join(ROOT, 'node_modules/@types')],
    paths: { queuectl: [join(ROOT, 'src/index.ts')] },
  };
  writeFileSync(
    config,
    JSON.stringify({ extends: join(ROOT, 'tsconfig.json'), compilerOptions, include: [], files }),
  );
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  try {
    await promisify(execFile)(process.execPath, [tsc, '-p', config]);
    return '';
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

const PAGES = ['docs/api.md', 'README.md'];
/** The compiler takes a while on a busy machine. */
const COMPILE_MS = 180_000;

test('the programs of the pages compile', { timeout: COMPILE_MS }, async () => {
  const folder = temporaryFolder();
  const files = PAGES.map((page, n) => {
    const file = join(folder, `page-${n}.mts`);
    writeFileSync(file, programOf(page));
    return file;
  });
  expect(await complaints(files, folder)).toBe('');
});

test.each(PAGES)('the program of %s prints what its comments say', async (page) => {
  const folder = temporaryFolder();
  const source = join(folder, 'program.mts');
  const text = programOf(page);
  expect(text).toContain("from 'queuectl'");
  writeFileSync(source, text);
  const program = startUserProgram(await bundleProgram(source, folder), [], join(folder, 'home'));
  const lines = promised(text).map((line) => `${line}\n`);
  expect([await program.exited, program.printed()]).toEqual([0, lines.join('')]);
});
