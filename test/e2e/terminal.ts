/** A real pseudo-terminal around a command, by tmux: what the command sends to it, byte for byte, and what is seen. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import { SHELL_FUNCTION } from '../support/cli.js';
import type { Cli } from '../support/cli.js';
import { pidsWithEnv, waitUntil } from '../support/processes.js';

let terminals = 0;
const END = 'THE-END\r\n';

export interface TerminalOptions {
  readonly columns?: number;
  readonly rows?: number;
}

export interface Pressed {
  /** Pressed one after the other, each once the terminal was sent its text: "C-c", as tmux names keys. */
  readonly keys?: readonly { readonly after: string; readonly press: string }[];
}

export interface Terminal {
  /** What it shows now, a line each, without blanks at their ends. */
  screen(): string[];
  /** Resolves once it shows the text. */
  shows(text: string): Promise<void>;
  /** Presses a key, as tmux calls it: "C-c". */
  press(key: string): void;
  resize(columns: number): void;
  /** What has been sent to it so far. */
  sent(): string;
  /** Resolves with all that the line sent, once it has ended. */
  ended(): Promise<Buffer>;
}

/** Runs a line of shell (`queuectl` is the binary) and resolves with what it printed, once it has ended. */
export async function inTerminal(
  cli: Cli,
  line: string,
  { keys = [], ...options }: TerminalOptions & Pressed = {},
): Promise<Buffer> {
  const terminal = await openTerminal(cli, line, options);
  for (const { after, press } of keys) {
    const isShown = (): boolean => terminal.sent().includes(after);
    await waitUntil(isShown, { what: `the text "${after}"` });
    terminal.press(press);
  }
  return terminal.ended();
}

/** Starts a line of shell. */
export async function openTerminal(
  cli: Cli,
  line: string,
  { columns = 120, rows = 50 }: TerminalOptions = {},
): Promise<Terminal> {
  terminals += 1;
  const [script, raw, go] = ['sh', 'raw', 'go'].map((name) => cli.path(`terminal-${terminals}.${name}`)) as [
    string,
    string,
    string,
  ];
  const socket = cli.path(`terminal-${terminals}.sock`);
  const tmux = (...args: string[]): string =>
    execFileSync('tmux', ['-S', socket, '-f', '/dev/null', ...args], {
      env: { PATH: process.env['PATH'], TERM: 'xterm', LC_ALL: 'C.UTF-8' },
      stdio: ['ignore', 'pipe', 'ignore'],
      encoding: 'utf8',
    });
  // Ctrl-C is for the command, not for the shell around it.
  writeFileSync(
    script,
    `cd '${cli.directory}'; ${SHELL_FUNCTION}
     export TERMINAL_OF_TEST='${socket}' QUEUECTL_HOME='${cli.home}' QUEUECTL_DATABASE_URL='${cli.database ?? ''}'
     trap : INT
     while [ ! -e '${go}' ]; do sleep 0.02; done
     ${line}
     echo THE-END; unset TERMINAL_OF_TEST QUEUECTL_HOME; exec sleep 600`,
  );
  onTestFinished(async () => {
    try {
      tmux('kill-server');
    } catch {
      // It has ended already.
    }
    // What runs in it still is told by SIGHUP, and takes its time.
    const isEmpty = (): boolean => pidsWithEnv('TERMINAL_OF_TEST', socket).length === 0;
    await waitUntil(isEmpty, { what: 'the processes of the terminal to end' });
  });
  tmux('new-session', '-d', '-x', String(columns), '-y', String(rows), `exec sh '${script}'`);
  // The recording must begin before the command does.
  tmux('pipe-pane', '-O', `exec cat > '${raw}'`);
  await waitUntil(() => existsSync(raw), { what: 'the recording to begin' });
  writeFileSync(go, '');
  const screen = (): string[] => tmux('capture-pane', '-p').split('\n').slice(0, -1);
  return {
    screen,
    shows: async (text) => {
      const seen = (): boolean => screen().some((shown) => shown.includes(text));
      await waitUntil(seen, { what: `the terminal to show "${text}"` });
    },
    press: (key) => void tmux('send-keys', key),
    resize: (width) => void tmux('resize-window', '-x', String(width)),
    sent: () => readFileSync(raw, 'utf8'),
    ended: async () => {
      await waitUntil(() => readFileSync(raw, 'latin1').endsWith(END), {
        what: 'the end of the command',
      });
      tmux('kill-server');
      return readFileSync(raw).subarray(0, -END.length);
    },
  };
}
