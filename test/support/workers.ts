/** A real worker in the test's own process, on a real store, with real jobs. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { isFinal } from '../../src/job/state.js';
import type { Job, Run } from '../../src/job/job.js';
import { listen } from '../../src/log.js';
import type { LogEvent } from '../../src/log.js';
import { decodeLog, textOf } from '../../src/output/records.js';
import { Queue } from '../../src/queue.js';
import { Worker } from '../../src/worker/worker.js';
import type { WorkerOptions } from '../../src/worker/worker-options.js';
import { killQuietly, pidsWithEnv, waitUntil } from './processes.js';
import { databaseOf, openTestStore, temporaryHome } from './stores.js';

export interface TestQueue {
  readonly queue: Queue;
  readonly home: string;
  /** The URL of its database; null: it lies in the home. */
  readonly database: string | null;
  /** A path beside the home, for what jobs write. */
  readonly path: (name: string) => string;
  /** What a job has written there; null until there is a whole line. */
  readonly said: (name: string) => string | null;
  /** The pid that a job has written there. */
  readonly pid: (name: string) => Promise<number>;
  /** The job, once it is over. */
  readonly over: (id: string) => Promise<Job>;
}

export async function openTestQueue(): Promise<TestQueue> {
  const home = temporaryHome();
  const queue = new Queue(await openTestStore(home));
  onTestFinished(() => {
    for (const pid of process.platform === 'linux' ? pidsWithEnv('QUEUECTL_HOME', home) : [])
      killQuietly(pid);
  });
  const path = (name: string): string => join(dirname(home), name);
  const said = (name: string): string | null => {
    const text = existsSync(path(name)) ? readFileSync(path(name), 'utf8') : '';
    return text.endsWith('\n') ? text.trim() : null;
  };
  return {
    queue,
    home,
    database: databaseOf(home),
    path,
    said,
    pid: async (name) => Number(await waitUntil(() => said(name), { what: `the job to write ${name}` })),
    over: (id) =>
      waitUntil(
        async () => {
          const job = await queue.get(id);
          return isFinal(job.state) ? job : null;
        },
        { what: `job ${id} to be over` },
      ),
  };
}

/** What a run printed, where that is little; null where it is not stored with it. */
export function storedText(run: Run | undefined): string | null {
  const output = run?.output ?? null;
  return output === null ? null : Buffer.from(textOf(decodeLog(output))).toString();
}

export interface RunningWorker {
  readonly worker: Worker;
  /** Resolves when the worker has ended. */
  readonly ended: Promise<void>;
  readonly events: readonly LogEvent[];
  readonly event: (name: LogEvent['event']) => Promise<LogEvent>;
}

/** Runs until it is stopped, at the latest after the test. */
export function startWorker(queue: Queue, options: Partial<WorkerOptions> = {}): RunningWorker {
  const events: LogEvent[] = [];
  listen((event) => events.push(event));
  const worker = new Worker(queue, { slots: 1, ...options });
  const ended = worker.run();
  onTestFinished(async () => {
    worker.stop('now');
    await ended.catch(() => undefined);
    listen(null);
  });
  return {
    worker,
    ended,
    events,
    event: (name) =>
      waitUntil(() => events.find((event) => event.event === name), {
        what: `the event ${name}`,
      }),
  };
}
