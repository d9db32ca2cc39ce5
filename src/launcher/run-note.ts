/** The note of a running process, by which a rescuer finds what a dead worker left. */

import { readFileSync, renameSync, writeSync } from 'node:fs';

import { systemErrorCode } from '../errors.js';
import type { LaunchSpec } from './launcher.js';
import { closeQuietly, openPrivateFile } from './private-file.js';
import { bootId } from './process-identity.js';

export interface RunNote {
  readonly token: string;
  /** Null: the worker died around the start; the process, if there is one, is found by its token. */
  readonly pid: number | null;
  readonly pidStartTime: string | null;
  /** Pids and start times mean nothing in another boot. */
  readonly bootId: string | null;
}

/**
 * Makes a note of the draft, without a pid, and returns its open descriptor. Throws the system's error: a process that could
 * not be found again must not be started. Not synced to disk, since a power cut ends the process, too.
 */
export function createNote(
  { noteFile, noteDraft }: Pick<LaunchSpec, 'noteFile' | 'noteDraft'>,
  token: string,
): number {
  const fd = openPrivateFile(noteDraft, 0);
  try {
    writeNote(fd, { token, pid: null, pidStartTime: null, bootId: bootId() });
    renameSync(noteDraft, noteFile);
  } catch (error) {
    closeQuietly(fd);
    throw error;
  }
  return fd;
}

/** Adds the process. A failure is no harm: the token stands there already. */
export function completeNote(fd: number, token: string, pid: number, pidStartTime: string | null): void {
  try {
    writeNote(fd, { token, pid, pidStartTime, bootId: bootId() });
  } catch {
    // The first note stays.
  }
}

/** With blanks after the JSON, so that any note replaces another in place. As in native/start.c. */
const NOTE_BYTES = 384;

/**
 * One write over the whole length of the file: a crash leaves the old note or the new one, never a mixture, and the
 * second write needs no space that a full disk could refuse.
 */
function writeNote(fd: number, note: RunNote): void {
  const text = JSON.stringify({
    token: note.token,
    pid: note.pid,
    pid_start_time: note.pidStartTime,
    boot_id: note.bootId,
  });
  const bytes = Buffer.alloc(NOTE_BYTES, ' ');
  bytes.write(text);
  if (writeSync(fd, bytes, 0, bytes.length, 0) !== bytes.length) throw new Error('the note was cut short');
}

/** 'broken' is a note nobody can act on; its worker died before it started anything, or somebody edited it. */
export function readNote(file: string): RunNote | 'missing' | 'broken' {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return systemErrorCode(error) === 'ENOENT' ? 'missing' : 'broken';
  }
  try {
    return parseNote(JSON.parse(text)) ?? 'broken';
  } catch {
    return 'broken';
  }
}

function parseNote(value: unknown): RunNote | null {
  if (typeof value !== 'object' || value === null) return null;
  const { token, pid, pid_start_time: startTime, boot_id: boot } = value as Record<string, unknown>;
  if (typeof token !== 'string' || token === '') return null;
  return {
    token,
    pid: typeof pid === 'number' && Number.isSafeInteger(pid) && pid > 1 ? pid : null,
    pidStartTime: typeof startTime === 'string' && startTime !== '' ? startTime : null,
    bootId: typeof boot === 'string' ? boot : null,
  };
}
