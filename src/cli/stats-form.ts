/** Figures of jobs as a table and as JSON. */
import type { Figures } from '../job/stats.js';
import { formatSizeRoughly } from '../job/size.js';
import { formatDuration } from '../time.js';
import type { Cell, Properties, Table } from './output/table.js';

const BYTES_PER_KB = 1024;

/** Each figure with its name, in the order of the table. */
export function figureCells(figures: Figures): Properties {
  return [
    ['jobs', figures.jobs],
    ['completed', figures.completed],
    ['dead', figures.dead],
    ['cancelled', figures.cancelled],
    ['success', percent(figures.successRate)],
    ['failed_runs', figures.failedRuns],
    ['retries', figures.retries],
    ['run_p50', duration(figures.runP50Ms)],
    ['run_p95', duration(figures.runP95Ms)],
    ['run_max', duration(figures.runMaxMs)],
    ['wait_p50', duration(figures.waitP50Ms)],
    ['wait_p95', duration(figures.waitP95Ms)],
    ['cpu', duration(figures.cpuMs)],
    ['memory', figures.maxRssKb === null ? null : formatSizeRoughly(figures.maxRssKb * BYTES_PER_KB)],
    ['output', formatSizeRoughly(figures.outputBytes)],
  ];
}

export function statsTable(
  by: string,
  groups: readonly { readonly name: string; readonly figures: Figures }[],
  none: Figures,
): Table {
  return {
    columns: [{ name: by }, ...figureCells(none).map(([name]) => ({ name, right: true as const }))],
    rows: groups.map(({ name, figures }) => [name, ...figureCells(figures).map(([, cell]) => cell)]),
  };
}

export function figuresJson(figures: Figures): Record<string, unknown> {
  return {
    jobs: figures.jobs,
    completed: figures.completed,
    dead: figures.dead,
    cancelled: figures.cancelled,
    success_rate: figures.successRate,
    runs: figures.runs,
    failed_runs: figures.failedRuns,
    retries: figures.retries,
    run_p50_ms: figures.runP50Ms,
    run_p95_ms: figures.runP95Ms,
    run_max_ms: figures.runMaxMs,
    wait_p50_ms: figures.waitP50Ms,
    wait_p95_ms: figures.waitP95Ms,
    cpu_ms: figures.cpuMs,
    max_rss_kb: figures.maxRssKb,
    output_bytes: figures.outputBytes,
  };
}

function percent(part: number | null): Cell {
  if (part === null) return null;
  // Cut off, not rounded: one dead job among ten thousand is not 100 %.
  return `${Math.floor(part * 1000) / 10}%`;
}

function duration(ms: number | null): Cell {
  return ms === null ? null : formatDuration(ms);
}
