/** Programs of users, as TypeScript that imports "queuectl": bundled with our sources, and run as processes. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { onTestFinished } from 'vitest';
import { driverStays } from './programs.js';
import { killQuietly } from './processes.js';

export const ROOT = join(import.meta.dirname, '..', '..');

/** Removed after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'queuectl-user-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }));
  return folder;
}

/** The program as a file that Node can run. */
export async function bundleProgram(source: string, folder: string): Promise<string> {
  const outfile = join(folder, 'program.mjs');
  await build({
    entryPoints: [source],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'silent',
    alias: { queuectl: join(ROOT, 'src/index.ts') },
    plugins: [driverStays],
    define: { __FAILPOINTS__: 'false', __VERSION__: '"test"' },
  });
  return outfile;
}

export interface UserProgram {
  /** What it has printed so far, on both streams. */
  readonly printed: () => string;
  readonly signal: (name: NodeJS.Signals) => void;
  /** Its exit code; null where a signal ended it. */
  readonly exited: Promise<number | null>;
}

/** Killed after the test. */
export function startUserProgram(file: string, args: readonly string[], home: string): UserProgram {
  const child = spawn(process.execPath, [file, ...args], {
    env: { PATH: process.env['PATH'] ?? '', HOME: tmpdir(), QUEUECTL_HOME: home },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => {
    if (child.pid !== undefined) killQuietly(child.pid);
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  return {
    printed: () => text,
    signal: (name) => void child.kill(name),
    exited: new Promise((resolve) => child.once('close', (code) => resolve(code))),
  };
}
