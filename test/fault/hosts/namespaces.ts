/** Network namespaces without names: each lives as long as a process in it, and all of those end with this one. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { hasProgram } from '../../support/cli.js';
import { killQuietly, waitUntil } from '../../support/processes.js';

const PROGRAMS = ['ip', 'unshare', 'nsenter', 'setpriv', 'flock', 'cc'];

/** Why there can be none here; undefined: they can be made. */
export function whyNoNamespaces(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return 'network namespaces can only be made by root of Linux';
  const missing = PROGRAMS.filter((program) => !hasProgram(program));
  if (missing.length > 0) return `these programs are missing: ${missing.join(', ')}`;
  const pair = 'ip link add one type veth peer name other';
  const { status, stderr } = spawnSync('unshare', ['--net', '--uts', 'sh', '-c', pair], { encoding: 'utf8' });
  return status === 0 ? undefined : `network namespaces are not allowed here: ${stderr.trim()}`;
}

export interface Namespace {
  readonly name: string;
  /** The process that keeps it. */
  readonly pid: number;
  /** What a command begins with that is to run in it. */
  readonly enter: readonly string[];
  readonly ip: (...args: string[]) => void;
  readonly close: () => void;
}

/** With a host name of its own; `keeper` stays in it, and is sent KILL when this process ends, however that comes. */
export async function makeNamespace(
  name: string,
  keeper: readonly string[] = ['sleep', 'infinity'],
): Promise<Namespace & { readonly keeper: ChildProcess }> {
  const prepare = 'echo "$1" >/proc/sys/kernel/hostname && ip link set lo up && shift && exec "$@"';
  const words = ['setpriv', '--pdeathsig', 'KILL', 'sh', '-c', prepare, 'sh', name, ...keeper];
  const child = spawn('unshare', ['--net', '--uts', ...words], { stdio: ['pipe', 'pipe', 'inherit'] });
  const { pid } = child;
  if (pid === undefined) throw new Error(`the namespace ${name} was not made`);
  const enter = ['nsenter', `--net=/proc/${pid}/ns/net`, `--uts=/proc/${pid}/ns/uts`, '--'];
  const isReady = (): boolean =>
    child.exitCode === null &&
    output(enter, 'cat /proc/sys/kernel/hostname; ip link show up lo').startsWith(name);
  try {
    await waitUntil(isReady, { what: `the namespace ${name}` });
  } catch (error) {
    killQuietly(pid);
    throw error;
  }
  return {
    name,
    pid,
    enter,
    keeper: child,
    ip: (...args) => void output(enter, 'exec ip "$@"', ...args),
    close: () => killQuietly(pid),
  };
}

function output([program = '', ...enter]: readonly string[], script: string, ...args: string[]): string {
  return execFileSync(program, [...enter, 'sh', '-c', script, 'sh', ...args], { encoding: 'utf8' });
}
