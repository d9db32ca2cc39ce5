/** A command on a host that goes on beside the test. */
import { spawn } from 'node:child_process';
import { commandLine, environment } from '../harness/client.js';
import type { Cluster } from './cluster.js';
import type { Host } from './host.js';

export interface StartedCommand {
  readonly ended: Promise<{
    readonly exitCode: number | null;
    readonly stdout: string;
    readonly stderr: string;
  }>;
}

export function startCommand({ world }: Cluster, host: Host, words: readonly string[]): StartedCommand {
  const fate = host.fate();
  const [program, ...args] = commandLine(fate, words);
  const child = spawn(program, args, { env: environment(world, fate), cwd: world.base });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return {
    ended: new Promise((resolve) => child.once('close', (exitCode) => resolve({ exitCode, stdout, stderr }))),
  };
}
