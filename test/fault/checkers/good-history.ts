/** A history in which all is well: a checker is shown what differs from it in one place. */
import type { Evidence, Fault, JobRow, LedgerLine, Operation, RunRow, Snapshot } from './evidence.js';

export const job: JobRow = {
  seq: 1,
  id: '1',
  mark: 'm1',
  state: 'completed',
  queue: 'default',
  priority: 0,
  attempts: 0,
  crashes: 0,
  run: 1,
  maxRetries: 2,
  backoff: { base: 2 },
};
export const run: RunRow = {
  seq: 1,
  run: 1,
  startedAtMs: 10_000,
  finishedAtMs: 11_000,
  outcome: 'success',
  reason: null,
};
export const lost: RunRow = { ...run, outcome: 'lost', reason: 'lost: its worker died' };
export const failed: RunRow = { ...run, outcome: 'failure', reason: 'exit code 1' };
export const start = { line: 'S', id: '1', run: 1, atS: 10, workerPid: 77 } as const satisfies LedgerLine;
export const end = { line: 'E', id: '1', run: 1, atS: 11, exitCode: 0 } as const satisfies LedgerLine;
export const call: Operation = {
  call: 'enqueue',
  startS: 9,
  endS: 10,
  jobs: [{ mark: 'm1', id: null, kind: 'ok' }],
  ids: ['1'],
  exitCode: 0,
  killed: false,
  stdout: '1\n',
  stderr: '',
};
export const cancel: Operation = { ...call, call: 'cancel', jobs: [] };
export const kill: Fault = { fault: 'kill', startS: 10.5, endS: 10.5, pid: 77 };
export const snapshot: Snapshot = {
  jobs: [job],
  runs: [run],
  counters: new Map([['default completed', 1]]),
  sessions: 0,
  damage: [],
  walBytes: 0,
};
export const good: Evidence = {
  operations: [call],
  faults: [],
  ledger: [start, end],
  snapshot,
  leftProcesses: [],
  samples: [{ pid: 77, rssKb: 80_000, descriptors: 30, threads: 11 }],
  stuck: null,
};

export function stored(changes: Partial<Snapshot>): Partial<Evidence> {
  return { snapshot: { ...snapshot, ...changes } };
}
