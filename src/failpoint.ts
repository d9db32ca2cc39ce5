/**
 * Places where a test makes the program fail: `QUEUECTL_FAILPOINT=claim.after_commit:2=kill9` kills it when it
 * comes there for the second time. The shipped build has none of it: the build sets the constant to false and
 * drops what depends on it.
 */
declare const __FAILPOINTS__: boolean;

/** Every step after which a crash must do no harm; the fault suite loops over all of them. */
export const FAILPOINTS = [
  'migrate.before_commit',
  'migrate.after_commit',
  'enqueue.before_transaction',
  'enqueue.before_commit',
  'enqueue.after_commit',
  'session.after_lock',
  'session.after_commit',
  'claim.before_commit',
  'claim.after_commit',
  'run.before_note',
  'run.before_spawn',
  'run.after_spawn',
  'run.after_note',
  'run.after_exit',
  'withdraw.after_command',
  'finish.before_commit',
  'finish.after_commit',
  'finish.after_cleanup',
  'give_back.before_commit',
  'rescue.before_kill',
  'rescue.after_kill',
  'rescue.after_commit',
  'retry.before_commit',
  'retry.after_commit',
  'cancel.before_commit',
  'cancel.after_commit',
  'hold.before_commit',
  'hold.after_commit',
  'release.before_commit',
  'release.after_commit',
  'set.before_commit',
  'set.after_commit',
  'remove.before_commit',
  'remove.after_commit',
  'prune.before_commit',
  'prune.after_commit',
  'prune.after_logs',
  'stop.before_commit',
  'stop.after_commit',
  'close.before_commit',
  'close.after_commit',
] as const;

/** The same of a queue that moves to a server: test/fault/move.test.ts loops over them. */
export const MOVE_FAILPOINTS = [
  'move.after_copy',
  'move.after_mark',
  'move.after_commit',
  'move.after_done',
  'move.after_logs',
] as const;

export type Failpoint = (typeof FAILPOINTS)[number];

/** Does nothing unless this is a test build and the environment names the point. */
export function failpoint(name: Failpoint | (typeof MOVE_FAILPOINTS)[number]): void {
  if (__FAILPOINTS__) hit(name);
}

let hits = 0;

function hit(name: string): void {
  const match = /^([\w.]+)(?::(\d+))?=(kill9|stop|throw|delay=(\d+))$/.exec(
    process.env['QUEUECTL_FAILPOINT'] ?? '',
  );
  if (match === null || match[1] !== name) return;
  hits += 1;
  if (hits !== Number(match[2] ?? 1)) return;
  const action = match[3];
  if (action === 'kill9') process.kill(process.pid, 'SIGKILL');
  else if (action === 'stop') process.kill(process.pid, 'SIGSTOP');
  else if (action === 'throw') throw new Error(`failpoint ${name}`);
  else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(match[4]));
}
