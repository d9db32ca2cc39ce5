/** Why a process did not start, told apart by what the system said and by what is on the disk. */

import { accessSync, constants, type Stats, statSync } from 'node:fs';
import { delimiter, resolve } from 'node:path';

import { systemErrorCode } from '../errors.js';
import type { Exit, LaunchSpec } from './launcher.js';

const NOT_EXECUTABLE = 126;
const NOT_FOUND = 127;

/** Trouble of the machine, not of the command: the same start may work in a moment. */
const NO_RESOURCES: Readonly<Record<string, string>> = {
  EAGAIN: 'the limit of processes is reached',
  ENOMEM: 'out of memory',
  EMFILE: 'this process has too many open files',
  ENFILE: 'the system has too many open files',
};

/** Null where the error is not the machine's. */
export function noResources(error: unknown): Exit | null {
  const trouble = NO_RESOURCES[systemErrorCode(error) ?? ''];
  return trouble === undefined
    ? null
    : { cause: 'no_resources', exitCode: null, signal: null, message: trouble };
}

export function startFailure(error: unknown, spec: LaunchSpec, file: string): Exit {
  return noResources(error) ?? notStarted(...explain(systemErrorCode(error), error, spec, file));
}

export function notStarted(exitCode: number, message: string): Exit {
  return { cause: 'not_started', exitCode, signal: null, message };
}

const INPUT_TROUBLE: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'permission denied',
  ENOTDIR: 'not a directory on the way',
  ENXIO: 'not a file',
};

/** A standard input that cannot be opened: the command's fault where it is a file of its own, else the machine's. */
export function stdinFailure(code: string, { stdin }: LaunchSpec): Exit {
  if (stdin === undefined || 'bytes' in stdin) {
    const message = `cannot keep its standard input: ${code}`;
    return { cause: 'no_resources', exitCode: null, signal: null, message };
  }
  const why = INPUT_TROUBLE[code] ?? code;
  return notStarted(NOT_EXECUTABLE, `cannot open its standard input ${stdin.file}: ${why}`);
}

const LONGEST_INPUT = 1024 * 1024;

export function inputTooLong({ stdin }: LaunchSpec): Exit | null {
  const length = stdin !== undefined && 'bytes' in stdin ? stdin.bytes.length : 0;
  if (length <= LONGEST_INPUT) return null;
  return notStarted(NOT_EXECUTABLE, `standard input is too long: ${length} bytes, 1 MiB at most`);
}

function explain(code: string | undefined, error: unknown, spec: LaunchSpec, file: string): [number, string] {
  if (code === 'E2BIG') return [NOT_EXECUTABLE, 'argument list too long'];
  if (code === 'ERR_INVALID_ARG_VALUE') {
    return [NOT_EXECUTABLE, 'the command, its directory or its environment is empty or holds a NUL byte'];
  }
  // The system gives one code for both, so the directory must be ruled out before the command is blamed.
  const directoryTrouble = spec.cwd === null ? null : explainDirectory(spec.cwd);
  if (directoryTrouble !== null) return [NOT_EXECUTABLE, directoryTrouble];
  const script = findFile(file, spec);
  const isDenied = code === 'EACCES' || code === 'EPERM';
  // Said of a bare name also where it is nowhere, but a directory on the PATH may not be searched.
  if (code === 'ENOENT' || code === 'ENOTDIR' || (isDenied && !file.includes('/') && script === null)) {
    return script === null
      ? [NOT_FOUND, `command not found: ${file}`]
      : [NOT_EXECUTABLE, `bad interpreter: ${script} names a program that does not exist`];
  }
  if (isDenied) {
    const isDirectory = file.includes('/') && statIn(spec.cwd, file)?.isDirectory() === true;
    return [NOT_EXECUTABLE, `${isDirectory ? 'is a directory' : 'permission denied'}: ${file}`];
  }
  if (code === 'ENOEXEC') return [NOT_EXECUTABLE, `not a program: ${file}`];
  return [NOT_EXECUTABLE, `cannot run ${file}: ${error instanceof Error ? error.message : String(error)}`];
}

function explainDirectory(cwd: string): string | null {
  try {
    if (!statSync(cwd).isDirectory()) return `not a directory: ${cwd}`;
    accessSync(cwd, constants.X_OK);
    return null;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'EACCES') return `permission denied: ${cwd}`;
    return code === 'ENOTDIR' ? `not a directory: ${cwd}` : `no such directory: ${cwd}`;
  }
}

/** Where exec would have found it: a path as it is, a bare name along the job's own PATH. */
function findFile(file: string, spec: LaunchSpec): string | null {
  const folders = file.includes('/')
    ? ['']
    : (spec.env['PATH'] ?? spec.sharedEnv?.['PATH'] ?? '/bin:/usr/bin').split(delimiter);
  const candidates = folders.map((folder) => (folder === '' ? file : `${folder}/${file}`));
  return candidates.find((candidate) => statIn(spec.cwd, candidate)?.isFile() === true) ?? null;
}

/** Null where there is nothing, or nothing that we may see. */
function statIn(cwd: string | null, path: string): Stats | null {
  try {
    return statSync(cwd === null ? path : resolve(cwd, path));
  } catch {
    return null;
  }
}
