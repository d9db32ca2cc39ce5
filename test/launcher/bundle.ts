import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { build } from 'esbuild';
import { onTestFinished } from 'vitest';

/** Makes a program of our sources, for tests that need a worker process to kill or to starve; readable by any user. */
export async function bundle(source: string): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'queuectl-program-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  chmodSync(dir, 0o755);
  const file = join(dir, 'program.mjs');
  await build({
    stdin: { contents: source, resolveDir: import.meta.dirname, loader: 'ts' },
    outfile: file,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'silent',
    define: { __FAILPOINTS__: 'false' },
  });
  return file;
}
