import type { Launcher } from './launcher.js';
import { NativeLauncher } from './native-launcher.js';
import { nativeLauncherPath } from './native-path.js';
import { createNodeLauncher } from './node-launcher.js';

/** The name of the launcher that `openLauncher` is going to try. */
export function launcherName(): Launcher['name'] {
  return nativeLauncherPath() === null ? 'node' : 'native';
}

/**
 * The native launcher where there is one and this kernel can run it, else Node's own. Close it after use. The native
 * one makes the lock file and holds it.
 */
export async function openLauncher(lockFile: string): Promise<Launcher> {
  const program = nativeLauncherPath();
  if (program === null) return createNodeLauncher();
  const launcher = new NativeLauncher({ program, lockFile });
  try {
    await launcher.ready();
    return launcher;
  } catch {
    // An old kernel, or a program for another one: its name, in `version` and at the worker's start, tells.
    return createNodeLauncher();
  }
}
