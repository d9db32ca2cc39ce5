/** The signals that ask a command to end. */
import { constants } from 'node:os';

const END_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export type EndSignal = (typeof END_SIGNALS)[number];

/** Calls back for each of them until the returned function is called. */
export function onEndSignal(callback: (signal: EndSignal) => void): () => void {
  for (const signal of END_SIGNALS) process.on(signal, callback);
  return () => {
    for (const signal of END_SIGNALS) process.removeListener(signal, callback);
  };
}

/** What a shell makes of a process that a signal ended: 128 and its number. */
export function exitCodeOf(signal: string): number {
  const numbers: Readonly<Record<string, number>> = constants.signals;
  return 128 + (numbers[signal] ?? 0);
}
