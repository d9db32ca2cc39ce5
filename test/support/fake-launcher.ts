import type { Exit, Launcher } from '../../src/launcher/launcher.js';

export const SUCCESS: Exit = { cause: 'exited', exitCode: 0, signal: null, message: null };

/** Can nothing but run, by this function: for tests of what a worker does around its runs. */
export function fakeLauncher(run: () => Promise<Exit>): Launcher {
  return {
    name: 'node',
    capabilities: {
      usage: false,
      outlivesNothing: false,
      pipes: false,
      limits: false,
      records: false,
      queues: false,
      deadlines: false,
    },
    lockFile: null,
    run,
    setDeadline: () => undefined,
    withdraw: () => undefined,
    close: async () => undefined,
  };
}
