/** The end of a process in plain words. Pure. */

interface End {
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** Null: it had no limit of CPU time. */
  readonly cpuLimitMs?: number | null;
  /** It ended by itself: we neither stopped it nor was its time over. */
  readonly byItself: boolean;
}

/** What shells mean by these codes; a program may mean something else, so the code comes first. */
const SHELL_MEANINGS: Readonly<Record<number, string>> = {
  126: 'not executable',
  127: 'command not found',
};

/** Those that end a process, by their numbers on Linux: a shell exits with 128 and the number. */
const FATAL_SIGNALS: Readonly<Record<number, string>> = {
  1: 'SIGHUP',
  2: 'SIGINT',
  3: 'SIGQUIT',
  4: 'SIGILL',
  5: 'SIGTRAP',
  6: 'SIGABRT',
  7: 'SIGBUS',
  8: 'SIGFPE',
  9: 'SIGKILL',
  10: 'SIGUSR1',
  11: 'SIGSEGV',
  12: 'SIGUSR2',
  13: 'SIGPIPE',
  14: 'SIGALRM',
  15: 'SIGTERM',
  24: 'SIGXCPU',
  25: 'SIGXFSZ',
  31: 'SIGSYS',
};

/** Why the system sends a signal of which a program says nothing. */
const SIGNAL_CAUSES: Readonly<Record<string, (hasCpuLimit: boolean) => string>> = {
  SIGKILL: (hasCpuLimit) =>
    `not by us; perhaps ${hasCpuLimit ? 'out of memory or over its CPU limit' : 'out of memory'}`,
  SIGXCPU: (hasCpuLimit) => (hasCpuLimit ? 'over its CPU limit' : 'over a limit of CPU time'),
  SIGXFSZ: () => 'over a limit of file size',
};

/** "exit code 3", "killed by SIGTERM", and what more there is to say. */
export function plainEnd(end: End): string {
  const { signal, exitCode } = end;
  if (signal !== null) return `killed by ${signal}${end.byItself ? causeOf(signal, end) : ''}`;
  const meaning = end.byItself ? codeMeaning(end) : SHELL_MEANINGS[exitCode ?? 0];
  return `exit code ${exitCode}${meaning === undefined ? '' : ` (${meaning})`}`;
}

/** The same without any meaning, as launchers say it before what else they have to say. */
export function bareEnd({ exitCode, signal }: Pick<End, 'exitCode' | 'signal'>): string {
  return signal === null ? `exit code ${exitCode}` : `killed by ${signal}`;
}

function codeMeaning(end: End): string | undefined {
  const code = end.exitCode ?? 0;
  const signal = FATAL_SIGNALS[code - 128];
  if (signal === undefined) return SHELL_MEANINGS[code];
  return `a program it ran was killed by ${signal}${causeOf(signal, end)}`;
}

function causeOf(signal: string, { cpuLimitMs = null }: End): string {
  const cause = SIGNAL_CAUSES[signal]?.(cpuLimitMs !== null);
  return cause === undefined ? '' : `, ${cause}`;
}
