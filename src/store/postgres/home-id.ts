import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemErrorCode } from '../../errors.js';
import { fileError } from '../../home.js';

/** The id of this home, made once: whoever has the same one can ask the kernel about its locks. */
export function homeId(home: string): string {
  const path = join(home, 'home-id');
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw fileError(error, `cannot read ${path}`);
  }
  makeHomeId(path);
  return readFileSync(path, 'utf8').trim();
}

/** Whole or not at all, and never in the place of another one. */
function makeHomeId(path: string): void {
  const draft = `${path}.${process.pid}`;
  try {
    writeFileSync(draft, `${randomBytes(8).toString('hex')}\n`, { mode: 0o600 });
    linkSync(draft, path);
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw fileError(error, `cannot make ${path}`);
  } finally {
    rmSync(draft, { force: true });
  }
}
