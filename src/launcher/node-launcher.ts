import { once } from 'node:events';

import { bootMs, type Deadline } from '../boot-clock.js';
import { formatDuration } from '../time.js';
import type { Exit, Launcher, LaunchSpec } from './launcher.js';
import { ENDED_BY_LEASE, leaseOver } from './lease-exit.js';
import { refuse } from './node-refusals.js';
import { endGroup, type GroupEnd, signalGroup } from './process-group.js';
import { readProcess } from './process-table.js';
import { startProcess, type StartedProcess } from './start-process.js';
import { graceOf, onStop, signalOf, SIGKILL, SIGTERM, type StopRequest } from './stop.js';
import { startTimer } from './timer.js';

/** How long processes that outlive their leader may go on printing. */
const COURTESY_MS = 2000;
const NOBODY: GroupEnd = { killed: 0, survivors: [] };

/**
 * The launcher that needs nothing but Node. Processes write straight into their output file; a full disk is seen by the
 * process itself, as a failed write. After a SIGKILL of this process what it started lives on, for a rescue to end.
 */
export function createNodeLauncher(): Launcher {
  const lease = new NodeLease();
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
    run: (spec, stop) => run(spec, signalOf(stop), lease),
    setDeadline: (deadline) => lease.set(deadline),
    withdraw: () => undefined,
    close: async () => undefined,
  };
}

/** What a timer of this process can do for a deadline: nothing while the process is stopped. */
class NodeLease {
  readonly #ends = new Set<(graceMs: number) => void>();
  #deadline: Deadline | null = null;
  #callOff = (): void => undefined;

  set(deadline: Deadline | null): void {
    this.#callOff();
    this.#deadline = deadline;
    if (deadline === null || this.#ends.size === 0) return;
    const { askedAtMs, termAfterMs } = deadline;
    this.#callOff = startTimer(Math.max(0, askedAtMs + termAfterMs - bootMs()), () => this.#endAll(deadline));
  }

  get isOver(): boolean {
    const deadline = this.#deadline;
    return deadline !== null && bootMs() >= deadline.askedAtMs + deadline.termAfterMs;
  }

  /** Calls back when the runs are to end. Returns the way to hear no more. */
  onEnd(callback: (graceMs: number) => void): () => void {
    this.#ends.add(callback);
    if (this.#ends.size === 1) this.set(this.#deadline);
    return () => {
      this.#ends.delete(callback);
      if (this.#ends.size === 0) this.#callOff();
    };
  }

  #endAll({ askedAtMs, killAfterMs }: Deadline): void {
    const graceMs = Math.max(0, askedAtMs + killAfterMs - bootMs());
    for (const end of this.#ends) end(graceMs);
  }
}

async function run(spec: LaunchSpec, signal: AbortSignal, lease: NodeLease): Promise<Exit> {
  if (signal.aborted)
    return { cause: 'stopped', exitCode: null, signal: null, message: 'stopped before it started' };
  if (lease.isOver) return leaseOver();
  const refusal = refuse(spec);
  if (refusal !== null) return refusal;
  const started = await startProcess(spec);
  if ('cause' in started) return started;
  spec.onStarted?.();
  return watch(started, spec, signal, lease).finally(spec.onEnded);
}

/** From the start to the end of the whole group. The first cause wins and is read once, at the leader's exit. */
async function watch(
  { child, pid, capture }: StartedProcess,
  spec: LaunchSpec,
  signal: AbortSignal,
  lease: NodeLease,
): Promise<Exit> {
  let cause: Exit['cause'] | undefined;
  const cancelKills: (() => void)[] = [];
  const end = (why: 'timed_out' | 'stopped' | 'lease_over', request: StopRequest): void => {
    // After a stall of the event loop, a timer comes before the news of an exit that happened in good time.
    if (hasExited(pid)) return;
    const wasAsked = cause !== undefined;
    cause ??= why;
    const graceMs = graceOf(request, spec);
    if (graceMs === 0) return signalGroup(pid, SIGKILL);
    if (!wasAsked) signalGroup(pid, request.signal ?? SIGTERM);
    // A second request can only shorten the grace of the first.
    cancelKills.push(startTimer(graceMs, () => signalGroup(pid, SIGKILL)));
  };
  const cancelTimeout =
    spec.timeoutMs === null ? () => undefined : startTimer(spec.timeoutMs, () => end('timed_out', {}));
  const exited = once(child, 'exit');
  // Perhaps aborted after it was asked above, while nobody listened yet: then it is heard now.
  const stopListening = onStop(signal, (request) => end('stopped', request));
  const forgetLease = lease.onEnd((graceMs) => end('lease_over', { graceMs }));

  const [exitCode, exitSignal] = (await exited) as [number | null, NodeJS.Signals | null];
  cancelTimeout();
  forgetLease();
  for (const cancelKill of cancelKills) cancelKill();
  cause ??= 'exited';
  const rest =
    cause === 'exited' && spec.stragglers === 'leave'
      ? NOBODY
      : await endGroup(pid, spec.token, cause === 'exited' ? COURTESY_MS : 0, signal);
  stopListening();
  await capture.finish();
  const exit = { cause, exitCode, signal: exitSignal };
  return { ...exit, message: describe(exit, spec, rest, capture.lost()) };
}

function hasExited(pid: number): boolean {
  // Windows does not tell; there the exit event decides alone.
  return process.platform !== 'win32' && readProcess(pid) === null;
}

function describe(
  exit: Omit<Exit, 'message'>,
  spec: LaunchSpec,
  rest: GroupEnd,
  lost: string | null,
): string | null {
  const notes: string[] = [];
  // Stragglers of a run that was ended are no news.
  if (exit.cause === 'exited' && rest.killed > 0) {
    notes.push(`${rest.killed} left-over ${rest.killed === 1 ? 'process' : 'processes'} killed`);
  }
  if (rest.survivors.length > 0) notes.push(`could not be killed: ${rest.survivors.join(', ')}`);
  if (lost !== null) notes.push(lost);
  if (exit.cause === 'lease_over') notes.unshift(ENDED_BY_LEASE);
  else if (exit.cause === 'timed_out')
    notes.unshift(`timed out after ${formatDuration(spec.timeoutMs ?? 0)}`);
  // A message stands alone, so next to a note the plain end must be in it, too.
  else if (notes.length > 0 && exit.signal !== null) notes.unshift(`killed by ${exit.signal}`);
  else if (notes.length > 0 && exit.exitCode !== 0) notes.unshift(`exit code ${exit.exitCode}`);
  return notes.length === 0 ? null : notes.join('; ');
}
