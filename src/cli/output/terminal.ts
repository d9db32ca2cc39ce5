/** What the two streams are connected to. Asked of the descriptors: to touch process.stdout costs milliseconds. */
import { fstatSync } from 'node:fs';
import { isatty } from 'node:tty';

type Environment = Readonly<Record<string, string | undefined>>;

export function isTerminal(fd: 0 | 1 | 2): boolean {
  try {
    const stat = fstatSync(fd);
    if (!stat.isCharacterDevice()) return false;
    // Node takes 10 ms to load its tty module, with streams and sockets; Linux tells by the device's number.
    return process.platform === 'linux' ? isTerminalDevice(stat.rdev) : isatty(fd);
  } catch {
    return false; // closed
  }
}

/** The major numbers of consoles and serial lines (4), /dev/tty and /dev/console (5), pseudo-terminals (136-143). */
function isTerminalDevice(device: number): boolean {
  const major = (device >>> 8) & 0xfff;
  return major === 4 || major === 5 || (major >= 136 && major <= 143);
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
