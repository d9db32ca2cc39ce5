import { accessSync, constants, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * The launcher's program: what a checkout built, else what the package brought for this machine; null where there is
 * neither. That it is there does not mean that the kernel is new enough for it: NativeLauncher.ready() tells.
 */
export function nativeLauncherPath(): string | null {
  if (process.platform !== 'linux') return null;
  const root = packageRoot(import.meta.dirname);
  if (root === null) return null;
  const places = [
    join(root, 'dist', 'native', 'launcher'),
    join(root, 'prebuilt', `linux-${process.arch}`, 'launcher'),
  ];
  return places.find(isProgram) ?? null;
}

function packageRoot(from: string): string | null {
  for (let dir = from; ; dir = dirname(dir)) {
    if (existsSync(join(dir, 'package.json'))) return dir;
    if (dir === dirname(dir)) return null;
  }
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
