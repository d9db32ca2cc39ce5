import type { Lane } from '../job/lane.js';

interface Unserved {
  /** "no worker runs for the ready jobs of mail, video (handler resize)" */
  readonly problem: string;
  /** What starts a worker for them, as far as a command can. */
  readonly start: string | undefined;
}

export function describeUnserved(lanes: readonly Lane[]): Unserved {
  const names = lanes.map(({ queue, handler }) => (handler === '' ? queue : `${queue} (handler ${handler})`));
  const queues = [...new Set(lanes.filter(({ handler }) => handler === '').map(({ queue }) => queue))];
  return {
    problem: `no worker runs for the ready jobs of ${names.join(', ')}`,
    start: queues.length === 0 ? undefined : `queuectl worker start --queues ${queues.join(',')}`,
  };
}
