/** The queues, as `status` shows them. */
import type { ReadyLane } from '../store/overview.js';
import type { QueueState } from '../store/store.js';
import { formatDuration, formatInstant, SECOND } from '../time.js';
import { instantCell } from './output/table.js';
import type { Cell, Table } from './output/table.js';

/** What a person asks of first, and what fits a narrow terminal; the JSON has every state. */
export function queueTable(queues: readonly QueueState[], lanes: readonly ReadyLane[], now: number): Table {
  return {
    columns: [
      { name: 'queue' },
      { name: 'pending', right: true },
      { name: 'processing', right: true },
      { name: 'waiting', right: true },
      { name: 'dead', right: true },
      { name: 'oldest_ready', right: true },
      { name: 'paused_since' },
    ],
    rows: queues.map(({ name, counts, pausedAtMs }) => [
      name,
      counts.pending,
      counts.processing,
      counts.scheduled + counts.failed,
      counts.dead,
      ageCell(oldestReady(lanes, name), now),
      pausedAtMs === null ? null : instantCell(pausedAtMs),
    ]),
  };
}

export function queuesJson(
  queues: readonly QueueState[],
  lanes: readonly ReadyLane[],
): Record<string, unknown>[] {
  return queues.map(({ name, counts, pausedAtMs }) => ({
    name,
    jobs: counts,
    oldest_ready_at: instantOrNull(oldestReady(lanes, name)),
    paused_at: instantOrNull(pausedAtMs),
  }));
}

/** Since when the oldest ready job of the queue has been ready. */
function oldestReady(lanes: readonly ReadyLane[], queue: string): number | null {
  const times = lanes.filter((lane) => lane.queue === queue).map(({ oldestAtMs }) => oldestAtMs);
  return times.length === 0 ? null : Math.min(...times);
}

/** How long ago for a person, when for a program. */
function ageCell(sinceMs: number | null, now: number): Cell {
  if (sinceMs === null) return null;
  const seconds = Math.max(0, Math.floor((now - sinceMs) / SECOND));
  return { box: formatDuration(seconds * SECOND), tsv: formatInstant(sinceMs) };
}

function instantOrNull(instant: number | null): string | null {
  return instant === null ? null : formatInstant(instant);
}
