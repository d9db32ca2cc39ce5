/** A real pseudo-terminal around a command, by tmux: what the command sends to it, byte for byte. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import { PATIENCE_MS, SHELL_FUNCTION } from '../support/cli.js';
import type { Cli } from '../support/cli.js';
import { waitUntil } from '../support/processes.js';

let terminals = 0;

export interface TerminalOptions {
  readonly columns?: number;
  /** Pressed one after the other, each once the terminal shows its text: "C-c", as tmux names keys. */
  readonly keys?: readonly { readonly after: string; readonly press: string }[];
}

/** Runs a line of shell (`queuectl` is the binary) and resolves with what it printed, once it has ended. */
export async function inTerminal(
  cli: Cli,
  line: string,
  { columns = 120, keys = [] }: TerminalOptions = {},
): Promise<Buffer> {
  terminals += 1;
  const [script, raw, go] = ['sh', 'raw', 'go'].map((name) => cli.path(`terminal-${terminals}.${name}`)) as [
    string,
    string,
    string,
  ];
  const socket = cli.path(`terminal-${terminals}.sock`);
  const tmux = (...args: string[]): void => {
    execFileSync('tmux', ['-S', socket, '-f', '/dev/null', ...args], {
      env: { PATH: process.env['PATH'], TERM: 'xterm' },
      stdio: 'ignore',
    });
  };
  writeFileSync(
    script,
    `cd '${cli.directory}'; export QUEUECTL_HOME='${cli.home}'; ${SHELL_FUNCTION}
     while [ ! -e '${go}' ]; do sleep 0.02; done
     ${line}
     echo THE-END; sleep 600`,
  );
  onTestFinished(() => {
    try {
      tmux('kill-server');
    } catch {
      // It has ended already.
    }
  });
  tmux('new-session', '-d', '-x', String(columns), '-y', '50', `exec sh '${script}'`);
  // The recording must begin before the command does.
  tmux('pipe-pane', '-O', `exec cat > '${raw}'`);
  await waitUntil(() => existsSync(raw), { what: 'the recording to begin', timeoutMs: PATIENCE_MS });
  writeFileSync(go, '');
  for (const { after, press } of keys) {
    const isShown = (): boolean => readFileSync(raw, 'latin1').includes(after);
    await waitUntil(isShown, { what: `the text "${after}"`, timeoutMs: PATIENCE_MS });
    tmux('send-keys', press);
  }
  const end = 'THE-END\r\n';
  await waitUntil(() => readFileSync(raw, 'latin1').endsWith(end), {
    what: 'the end of the command',
    timeoutMs: PATIENCE_MS,
  });
  tmux('kill-server');
  return readFileSync(raw).subarray(0, -end.length);
}
