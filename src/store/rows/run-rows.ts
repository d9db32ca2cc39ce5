/** Rows become runs here, and nowhere else. */
import type { JsonValue, OutcomeKind, Run, Usage } from '../../job/job.js';
import type { Row } from './row.js';

export function toRun(row: Row): Run {
  const stored = row as unknown as RunRow;
  return {
    seq: stored.seq,
    run: stored.run,
    startedAtMs: stored.started_at,
    finishedAtMs: stored.finished_at,
    outcome: stored.outcome,
    exitCode: stored.exit_code,
    signal: stored.signal,
    reason: stored.reason,
    usage: toUsage(stored),
    outputBytes: stored.output_bytes,
    output: stored.output,
    result: stored.result === null ? null : (JSON.parse(stored.result) as JsonValue),
  };
}

function toUsage({ user_ms, system_ms, max_rss_kb }: RunRow): Usage | null {
  if (user_ms === null || system_ms === null || max_rss_kb === null) return null;
  return { userMs: user_ms, systemMs: system_ms, maxRssKb: max_rss_kb };
}

interface RunRow {
  readonly seq: number;
  readonly run: number;
  readonly started_at: number;
  readonly finished_at: number;
  readonly outcome: OutcomeKind;
  readonly exit_code: number | null;
  readonly signal: string | null;
  readonly reason: string | null;
  readonly user_ms: number | null;
  readonly system_ms: number | null;
  readonly max_rss_kb: number | null;
  readonly output_bytes: number;
  readonly output: Uint8Array | null;
  readonly result: string | null;
}
