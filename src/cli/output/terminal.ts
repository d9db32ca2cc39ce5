/** What the two streams are connected to. Asked of the descriptors: to touch process.stdout costs milliseconds. */
import { fstatSync } from 'node:fs';
import { isatty } from 'node:tty';

type Environment = Readonly<Record<string, string | undefined>>;

export function isTerminal(fd: 0 | 1 | 2): boolean {
  // A pipe or a file answers at once; only what may be a terminal pays for the loading of tty.
  return isCharacterDevice(fd) && isatty(fd);
}

function isCharacterDevice(fd: number): boolean {
  try {
    return fstatSync(fd).isCharacterDevice();
  } catch {
    return false; // closed
  }
}

/** NO_COLOR and --no-color win over FORCE_COLOR, that over what the stream is. */
export function wantsColor(fd: 1 | 2, env: Environment, refused: boolean): boolean {
  if (refused || (env['NO_COLOR'] ?? '') !== '') return false;
  const forced = env['FORCE_COLOR'];
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  return env['TERM'] !== 'dumb' && isTerminal(fd);
}

/** Columns of the terminal on stdout. */
export function terminalWidth(): number {
  const width = process.stdout.columns;
  return width > 0 ? width : 80;
}
