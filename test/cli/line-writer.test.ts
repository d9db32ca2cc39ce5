import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, onTestFinished, test } from 'vitest';

/** Runs this text as a program whose `writer` writes to its stdout; what it wrote. */
async function run(text: string): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'queuectl-lines-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const outfile = join(directory, 'program.mjs');
  const contents = `
    import { writeSync } from 'node:fs';
    import { setImmediate as turn } from 'node:timers/promises';
    import { LineWriter } from './src/cli/output/line-writer.js';
    const writer = new LineWriter();
    ${text}`;
  const stdin = { contents, resolveDir: join(import.meta.dirname, '../..'), loader: 'ts' } as const;
  await build({ stdin, outfile, bundle: true, platform: 'node', format: 'esm', logLevel: 'silent' });
  const { stdout, stderr, status } = spawnSync(process.execPath, [outfile], { encoding: 'utf8' });
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  return stdout;
}

test('lines come in their order, and a flush has written those that waited for the ones before', async () => {
  const printed = await run(`
    for (let n = 1; n <= 50; n++) {
      writer.line('line ' + n);
      await turn();
    }
    await writer.flush(10_000);
    writeSync(1, 'flushed');`);
  const lines = Array.from({ length: 50 }, (_, n) => `line ${n + 1}\n`);
  expect(printed).toBe(`${lines.join('')}flushed`);
});

test('a program that ends without a flush has its lines written', async () => {
  expect(await run(`writer.line('one'); await turn(); await turn(); writer.line('two');`)).toBe('one\ntwo\n');
});
