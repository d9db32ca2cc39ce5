/** Output that says where it belongs, and what a log holds of it. */

import type { OutputRecord } from '../../src/output/records.js';

export const KIB = 1024;
export const MIB = 1024 * KIB;

/** Blocks of 64 KiB that say which they are: "00000017" over and over. */
export function blocks(count: number): string {
  return `perl -e 'binmode STDOUT; $| = 1; for my $n (0..${count - 1}) { syswrite STDOUT, sprintf("%08d", $n) x 8192 }'`;
}

export function total(records: readonly OutputRecord[]): { shown: number; missing: number } {
  let shown = 0;
  let missing = 0;
  for (const record of records) {
    if (record.kind === 'gap') missing += record.missingBytes;
    else if (record.kind !== 'remark') shown += record.bytes.length;
  }
  return { shown, missing };
}
