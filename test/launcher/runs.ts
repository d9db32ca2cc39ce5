/** One run to try: a private directory, a spec with harmless defaults, and clean-up of whatever it started. */

import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { onTestFinished } from 'vitest';

import type { LaunchCommand, LaunchSpec, RunOutput } from '../../src/launcher/launcher.js';
import { TOKEN_VARIABLE } from '../../src/launcher/run-token.js';
import { decodeLog, textOf } from '../../src/output/records.js';
import { killQuietly, pidsWithEnv, waitUntil } from '../support/processes.js';

export const never: AbortSignal = new AbortController().signal;

export interface TrialRun {
  readonly dir: string;
  readonly spec: LaunchSpec;
  /** What it printed, from its file or from what was kept of its end; empty where there is neither. */
  output(encoding?: BufferEncoding): string;
  /** A file in `dir` that the job writes, to say how far it got; null until it is there and has a whole line. */
  said(name: string): string | null;
  /** How long ago the job wrote it: what is measured from there does not count a slow start on a busy machine. */
  ageMs(name: string): number;
  /** Makes the file, for a job that waits for it. */
  say(name: string): void;
}

function trialRun(command: LaunchCommand, changes: Partial<LaunchSpec> = {}): TrialRun {
  const dir = mkdtempSync(join(tmpdir(), 'queuectl-launcher-'));
  const token = randomUUID();
  onTestFinished(() => {
    for (const pid of pidsWithEnv(TOKEN_VARIABLE, token)) killQuietly(pid);
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  });
  const spec: LaunchSpec = {
    command,
    cwd: dir,
    env: { PATH: process.env['PATH'] ?? '/bin:/usr/bin', DIR: dir, [TOKEN_VARIABLE]: token },
    token,
    timeoutMs: null,
    graceMs: 10_000,
    outputFile: join(dir, 'logs', '0', 'out.log'),
    noteFile: join(dir, 'run', '1.1'),
    noteDraft: join(dir, 'run', 'draft'),
    ...changes,
  };
  return {
    dir,
    spec,
    output: (encoding) => {
      const log = outputByFile.get(spec.outputFile)?.inline ?? readBytes(spec.outputFile);
      return log === null ? '' : Buffer.from(textOf(decodeLog(log))).toString(encoding);
    },
    said: (name) => readLine(join(dir, name)),
    ageMs: (name) => Date.now() - statSync(join(dir, name)).mtimeMs,
    say: (name) => writeFileSync(join(dir, name), ''),
  };
}

const outputByFile = new Map<string, RunOutput>();

/** As a worker stores it, so that `output` finds it. */
export function keepOutput({ outputFile }: LaunchSpec, output: RunOutput | undefined): void {
  if (output !== undefined) outputByFile.set(outputFile, output);
}

/** As its launcher counted, or as long as its plain text is. */
export function printedBytes({ outputFile }: LaunchSpec): number {
  return outputByFile.get(outputFile)?.bytes ?? statSync(outputFile).size;
}

export function shell(line: string, changes?: Partial<LaunchSpec>): TrialRun {
  return trialRun({ shell: line }, changes);
}

export function argv(words: readonly string[], changes?: Partial<LaunchSpec>): TrialRun {
  return trialRun({ argv: words }, changes);
}

/** The pid that the job writes, once it has. */
export async function pidOf(trial: TrialRun, name = 'pid'): Promise<number> {
  return Number(await waitUntil(() => trial.said(name), { what: `the job to write ${name}` }));
}

function readLine(file: string): string | null {
  const text = readText(file);
  return text?.endsWith('\n') === true ? text.trim() : null;
}

function readText(file: string): string | null {
  return readBytes(file)?.toString() ?? null;
}

function readBytes(file: string): Buffer | null {
  try {
    return readFileSync(file);
  } catch {
    return null;
  }
}
