/** Until nothing runs: the workers are asked to stop, and what runs is waited for. */
import { bootId } from '../launcher/process-identity.js';
import { rescueDeadSessions } from '../maintenance/rescue.js';
import { Queue } from '../queue.js';
import { openStore } from '../store/open-store.js';
import type { Session } from '../store/store.js';
import { WakeUp } from '../worker/wake-up.js';
import type { Context } from './command.js';
import { StatusLine } from './output/status-line.js';
import { exitCodeOf, onEndSignal } from './signals.js';

/** For a process that is killed, and rings no bell. */
const LOOK_MS = 500;

/** Null, or the exit code where a signal ended the wait: those that were asked to stop go on to do so. */
export async function drainQueue(
  { home, output, env }: Context,
  lockTimeoutMs: number,
): Promise<number | null> {
  // That of the home's own file, whatever the setting says.
  const queue = new Queue(await openStore(home, { lockTimeoutMs }));
  const over = new AbortController();
  const wakeUp = new WakeUp();
  let endSignal: string | undefined;
  const stopListening = onEndSignal((signal) => {
    endSignal ??= signal;
    wakeUp.wake();
  });
  queue.store.bell.onRing(() => wakeUp.wake(), over.signal);
  const line = StatusLine.of(output, env);
  try {
    await queue.stopWorkers('gracefully');
    for (;;) {
      const left = await sessionsLeft(queue);
      if (left.length === 0) return null;
      if (endSignal !== undefined) {
        output.note('nothing was moved; the workers go on to stop');
        return exitCodeOf(endSignal);
      }
      line.show(await waitingText(queue, left));
      await wakeUp.sleep(LOOK_MS);
    }
  } finally {
    line.clear();
    stopListening();
    over.abort();
    await queue.close();
  }
}

/** Those that live or whose jobs are still being ended; what the dead ones ran is seen to. */
async function sessionsLeft({ store }: Queue): Promise<Session[]> {
  await rescueDeadSessions(store);
  // A command in the foreground between two runs waits for its retry, and owns its job.
  const sessions = await store.listSessions();
  const dead = await store.listDeadSessions(bootId());
  return sessions.filter(({ id }) => dead.every(({ session, isEnding }) => session.id !== id || isEnding));
}

async function waitingText(queue: Queue, left: readonly Session[]): Promise<string> {
  const { processing } = await queue.counts();
  const names = left.map(({ name, pid }) => name ?? `queuectl run (pid ${pid})`).join(', ');
  return `waiting for ${processing === 1 ? '1 job' : `${processing} jobs`}, and for ${names} to end`;
}
