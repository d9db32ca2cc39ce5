/** The standard input of a process that Node starts. */

import { closeSync, constants, fstatSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';

import type { LaunchSpec } from './launcher.js';
import { closeQuietly } from './private-file.js';

const { O_CREAT, O_EXCL, O_RDONLY, O_RDWR } = constants;
// Windows has neither. A pipe with a name must not keep us waiting for its writer.
const O_QUICK = (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);

/**
 * An open descriptor, to be closed after the start; null where there is no input. Throws the system's error.
 * Inline input is a file without a name, as from the native launcher, so that nobody need feed it.
 */
export function openStdin({ stdin, cwd, noteFile }: LaunchSpec): number | null {
  if (stdin === undefined) return null;
  return 'file' in stdin
    ? openFile(resolve(cwd ?? '.', stdin.file))
    : openNameless(`${noteFile}.stdin`, stdin.bytes);
}

function openFile(file: string): number {
  const fd = openSync(file, O_RDONLY | O_QUICK);
  if (!fstatSync(fd).isFIFO()) return fd;
  // It would not block in the process either, and so give it errors in the place of data.
  closeSync(fd);
  throw Object.assign(new Error('a pipe with a name'), { code: 'ENXIO' });
}

function openNameless(file: string, bytes: Uint8Array): number {
  const fd = openSync(file, O_RDWR | O_CREAT | O_EXCL, 0o600);
  try {
    unlinkSync(file);
    // At a place of its own, so that the process reads from the beginning.
    for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done, bytes.length - done, done);
    return fd;
  } catch (error) {
    closeQuietly(fd);
    throw error;
  }
}
