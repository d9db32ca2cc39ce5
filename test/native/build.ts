/** The launcher's program, built from its sources as they are now. */

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');

/** Null where this machine cannot build it. */
export function buildLauncher(kind: 'plain' | 'sanitized' = 'plain'): string | null {
  const flags = kind === 'sanitized' ? ['--sanitize'] : [];
  execFileSync(process.execPath, [join(ROOT, 'scripts', 'build-native.mjs'), ...flags], { stdio: 'pipe' });
  const program = join(ROOT, 'dist', 'native', kind === 'sanitized' ? 'launcher-sanitized' : 'launcher');
  return existsSync(program) ? program : null;
}

/** For the name of what is skipped without it. */
export function whyNot(program: string | null): string {
  return program === null ? ' (skipped: the native launcher cannot be built here)' : '';
}
