/** Real processes of our own sources, for tests that need another process to hold, to stop or to kill. */
import { spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { build, type Plugin } from 'esbuild';
import { afterAll, onTestFinished } from 'vitest';
import { killQuietly } from './processes.js';

/** The addon is found by its place in node_modules, so its package stays where it is; CommonJS stays out of a module, too. */
export const driverStays: Plugin = {
  name: 'driver-stays',
  setup: (builder) => {
    builder.onResolve({ filter: /^(@photostructure\/sqlite|pg)$/ }, ({ path }) => ({
      path: import.meta.resolve(path),
      external: true,
    }));
  },
};

let built: Promise<string> | null = null;

/** test/support/store-program.ts as a file that Node can run; once in each test file. */
function buildProgram(): Promise<string> {
  built ??= (async () => {
    const outfile = join(programDir(), 'store-program.mjs');
    // Its sessions on a server need their thread beside them.
    copyFileSync(join(import.meta.dirname, '../../dist/beats.cjs'), join(programDir(), 'beats.cjs'));
    await build({
      entryPoints: [join(import.meta.dirname, 'store-program.ts')],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      logLevel: 'silent',
      plugins: [driverStays],
      define: { __FAILPOINTS__: 'false', __VERSION__: '"test"' },
    });
    return outfile;
  })();
  return built;
}

let directory: string | null = null;

function programDir(): string {
  directory ??= mkdtempSync(join(tmpdir(), 'queuectl-program-'));
  return directory;
}

afterAll(() => {
  if (directory !== null) rmSync(directory, { recursive: true, force: true });
});

export type Said = Readonly<Record<string, unknown>>;

export interface Program {
  readonly pid: number;
  /** The next line that the program prints, parsed. Rejects where it ends without one. */
  readonly next: () => Promise<Said>;
  /** Ends its standard input: it finishes and exits. */
  readonly finish: () => Promise<void>;
  readonly kill: () => Promise<void>;
  readonly exited: Promise<void>;
}

export interface ProgramOptions {
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts one mode of the program; it is killed after the test. */
export async function startProgram(
  mode: string,
  options: Said = {},
  { env = {} }: ProgramOptions = {},
): Promise<Program> {
  const child = spawn(process.execPath, [await buildProgram(), mode, JSON.stringify(options)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { PATH: process.env['PATH'] ?? '', HOME: tmpdir(), ...env },
  });
  const pid = child.pid;
  if (pid === undefined) throw new Error('the program did not start');
  onTestFinished(() => killQuietly(pid));
  child.stdin.on('error', () => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return {
    pid,
    exited,
    next: async () => {
      const line = await lines.next();
      if (line.done === true) throw new Error(`the program ${mode} ended without a word`);
      return JSON.parse(line.value) as Said;
    },
    finish: async () => {
      child.stdin.end();
      await exited;
    },
    kill: async () => {
      killQuietly(pid);
      await exited;
    },
  };
}

/** Runs a mode to its end; the one line it printed. */
export async function runProgram(mode: string, options: Said = {}): Promise<Said> {
  const program = await startProgram(mode, options);
  const said = await program.next();
  await program.finish();
  return said;
}
