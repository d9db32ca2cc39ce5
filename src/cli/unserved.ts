import type { Lane } from '../job/lane.js';

/** "mail, video (handler resize)", and what starts a worker for them, as far as a command can. */
export function describeUnserved(lanes: readonly Lane[]): string {
  const names = lanes.map(({ queue, handler }) => (handler === '' ? queue : `${queue} (handler ${handler})`));
  const queues = [...new Set(lanes.filter(({ handler }) => handler === '').map(({ queue }) => queue))];
  const start = queues.length === 0 ? '' : `: queuectl worker start --queues ${queues.join(',')}`;
  return `no worker runs for the ready jobs of ${names.join(', ')}${start}`;
}
