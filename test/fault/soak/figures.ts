/** "p50 0.41 s, p99 1.20 s, max 1.31 s (of 57)" */
export function percentiles(seconds: readonly number[]): string {
  if (seconds.length === 0) return 'none';
  const sorted = seconds.toSorted((a, b) => a - b);
  const at = (part: number): string =>
    `${(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0).toFixed(2)} s`;
  return `p50 ${at(0.5)}, p99 ${at(0.99)}, max ${at(1)} (of ${sorted.length})`;
}
