/** What a run can ask of the native launcher, and how its spec becomes a command. */

import { constants } from 'node:os';

import type { Exit, LaunchSpec } from './launcher.js';
import type { StartCommand } from './protocol.js';
import { inputTooLong, notStarted, startFailure } from './start-failure.js';

export interface NativeLaunchSpec extends LaunchSpec {
  /** A promise that it returns holds up what comes next, and in the end the process that prints it. */
  readonly onOutput?: ((stream: 'stdout' | 'stderr', chunk: Uint8Array) => unknown) | undefined;
}

const CAP_BYTES = 64 * 1024 * 1024;
/** The kernel's own limit for each. */
const LONGEST_WORD = 128 * 1024 - 1;
const LONGEST_PATH = 4095;

/** What is certain to fail is not sent. */
export function toStartCommand(run: number, spec: NativeLaunchSpec): StartCommand | Exit {
  const environment = toWords(spec.env);
  const refusal = refuse(spec, environment);
  if (refusal !== null) return refusal;
  const { limits } = spec;
  return {
    run,
    command: spec.command,
    environment,
    addsToShared: spec.sharedEnv !== undefined,
    places: spec.places ?? 0,
    token: spec.token,
    noteFile: spec.noteFile,
    noteDraft: spec.noteDraft,
    outputFile: spec.outputFile,
    cwd: spec.cwd,
    timeoutMs: spec.timeoutMs,
    graceMs: spec.graceMs,
    forward: spec.onOutput !== undefined,
    leaveStragglers: spec.stragglers === 'leave',
    capBytes: spec.capBytes === undefined ? CAP_BYTES : (spec.capBytes ?? 0),
    stdin: spec.stdin,
    user: spec.user,
    umask: spec.umask,
    nice: spec.nice,
    memoryBytes: limits?.memoryBytes,
    cpuSeconds: limits?.cpuSeconds,
    openFiles: limits?.openFiles,
    processes: limits?.processes,
  };
}

export function toWords(environment: Readonly<Record<string, string>>): string[] {
  return Object.entries(environment).map(([name, value]) => `${name}=${value}`);
}

function refuse(spec: NativeLaunchSpec, environment: readonly string[]): Exit | null {
  const words = 'shell' in spec.command ? [spec.command.shell] : spec.command.argv;
  if (words.length === 0) return notStarted(127, 'command not found: nothing was given to run');
  const input = inputTooLong(spec);
  if (input !== null) return input;
  const texts = [spec.cwd ?? '', spec.stdin !== undefined && 'file' in spec.stdin ? spec.stdin.file : ''];
  if ([words, environment, texts].some((some) => some.some((text) => text.includes('\0'))))
    return startError('ERR_INVALID_ARG_VALUE', spec);
  if ([words, environment].some((some) => some.some((text) => text.length > LONGEST_WORD)))
    return startError('E2BIG', spec);
  if (texts.some((text) => Buffer.byteLength(text) > LONGEST_PATH)) return startError('ENAMETOOLONG', spec);
  return null;
}

/** As the other launcher would say it. */
export function startError(code: string, spec: LaunchSpec): Exit {
  const file = 'shell' in spec.command ? '/bin/sh' : (spec.command.argv[0] ?? '');
  return startFailure(Object.assign(new Error(code), { code }), spec, file);
}

/** Of several names for one number the first, which is the usual one: EAGAIN, not EWOULDBLOCK; SIGABRT, not SIGIOT. */
export function namesByNumber(numbers: object): ReadonlyMap<number, string> {
  const entries = Object.entries(numbers) as [string, number][];
  return new Map(entries.toReversed().map(([name, number]) => [number, name]));
}

const ERROR_NAMES = namesByNumber(constants.errno);

export function errorName(errno: number): string {
  return ERROR_NAMES.get(errno) ?? `error ${errno}`;
}
