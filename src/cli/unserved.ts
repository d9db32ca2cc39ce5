/** Ready jobs that no running worker takes. */
import type { ReadyLane } from '../store/overview.js';
import type { QueueState, Session } from '../store/store.js';

/** Those lanes that nobody serves, but for paused queues: those wait because a person wants it. */
export function unservedLanes(
  lanes: readonly ReadyLane[],
  queues: readonly QueueState[],
  workers: readonly Session[],
): ReadyLane[] {
  const paused = new Set(queues.filter(({ pausedAtMs }) => pausedAtMs !== null).map(({ name }) => name));
  return lanes.filter((lane) => !paused.has(lane.queue) && !workers.some((worker) => serves(worker, lane)));
}

/** One that has been asked to stop claims nothing any more. */
function serves({ stopRequested, queues, handlers }: Session, lane: ReadyLane): boolean {
  return !stopRequested && (queues?.includes(lane.queue) ?? true) && handlers.includes(lane.handler);
}

/** "mail, video (handler resize)", and what starts a worker for them, as far as a command can. */
export function describeUnserved(lanes: readonly ReadyLane[]): string {
  const names = lanes.map(({ queue, handler }) => (handler === '' ? queue : `${queue} (handler ${handler})`));
  const queues = [...new Set(lanes.filter(({ handler }) => handler === '').map(({ queue }) => queue))];
  const start = queues.length === 0 ? '' : `: queuectl worker start --queues ${queues.join(',')}`;
  return `no worker runs for the ready jobs of ${names.join(', ')}${start}`;
}
