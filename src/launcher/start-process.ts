import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';

import { systemErrorCode } from '../errors.js';
import { failpoint } from '../failpoint.js';
import { type Capture, openCapture } from './capture.js';
import type { Exit, LaunchCommand, LaunchSpec } from './launcher.js';
import { openStdin } from './node-stdin.js';
import { closeQuietly } from './private-file.js';
import { processStartTime } from './process-identity.js';
import { completeNote, createNote } from './run-note.js';
import { noResources, notStarted, startFailure, stdinFailure } from './start-failure.js';

export interface StartedProcess {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly capture: Capture;
}

/** Notes the process, starts it in a session of its own, notes its pid. A start that fails is an Exit, never a throw. */
export async function startProcess(spec: LaunchSpec): Promise<StartedProcess | Exit> {
  const [file, args, verbatim] = toArgv(spec.command);
  if (file === undefined) return notStarted(127, 'command not found: nothing was given to run');
  let capture: Capture;
  try {
    capture = openCapture(spec);
  } catch (error) {
    return startFailure(error, spec, file);
  }
  failpoint('run.before_note');
  let noteFd: number;
  try {
    noteFd = createNote(spec, spec.token);
  } catch (error) {
    capture.attach(null);
    return noNote(error, spec);
  }
  let stdin: number | null;
  try {
    stdin = openStdin(spec);
  } catch (error) {
    closeQuietly(noteFd);
    capture.attach(null);
    return noResources(error) ?? stdinFailure(systemErrorCode(error) ?? String(error), spec);
  }
  failpoint('run.before_spawn');
  const { child, thrown } = trySpawn(
    file,
    args,
    spawnOptions(spec, [stdin ?? 'ignore', ...capture.stdio], verbatim),
  );
  closeQuietly(stdin);
  failpoint('run.after_spawn');
  const pid = child?.pid;
  if (pid !== undefined) completeNote(noteFd, spec.token, pid, processStartTime(pid));
  closeQuietly(noteFd);
  failpoint('run.after_note');
  if (child !== null && pid !== undefined) {
    capture.attach(child);
    return { child, pid, capture };
  }
  capture.attach(null);
  return startFailure(child === null ? thrown : await emittedError(child), spec, file);
}

/** Node throws some failures of a start, and emits others in the next tick at a child without a pid. */
function trySpawn(
  file: string,
  args: readonly string[],
  options: SpawnOptions,
): { child: ChildProcess; thrown?: never } | { child: null; thrown: unknown } {
  try {
    return { child: spawn(file, args, options) };
  } catch (thrown) {
    return { child: null, thrown };
  }
}

async function emittedError(child: ChildProcess): Promise<unknown> {
  const [error]: unknown[] = await once(child, 'error');
  child.stdout?.destroy();
  child.stderr?.destroy();
  return error;
}

function spawnOptions(
  spec: LaunchSpec,
  stdio: SpawnOptions['stdio'],
  windowsVerbatimArguments: boolean,
): SpawnOptions {
  return {
    // Copied, since Node adds to the object it is given.
    env: { ...spec.sharedEnv, ...spec.env },
    ...(spec.cwd === null ? {} : { cwd: spec.cwd }),
    ...spec.user,
    stdio,
    detached: true,
    windowsHide: true,
    windowsVerbatimArguments,
  };
}

function toArgv(command: LaunchCommand): [file: string | undefined, args: string[], verbatim: boolean] {
  if ('argv' in command) return [command.argv[0], command.argv.slice(1), false];
  if (process.platform === 'win32')
    return [process.env['ComSpec'] ?? 'cmd.exe', ['/d', '/s', '/c', `"${command.shell}"`], true];
  return ['/bin/sh', ['-c', command.shell], false];
}

/** A process that nobody could find again is not started: given back, as after any trouble of the machine. */
function noNote(error: unknown, spec: LaunchSpec): Exit {
  const message = `cannot write ${spec.noteFile}: ${systemErrorCode(error) ?? String(error)}`;
  return noResources(error) ?? { cause: 'no_resources', exitCode: null, signal: null, message };
}
