/**
 * Where output lies on the disk. Names are made of numbers alone, so no job can name a file of its own choice. Put together
 * without node:path, which takes each path apart again: three for each run.
 */

/** A directory of some thousands of files is quick to list; one of a million is not. */
const SEQS_PER_SHARD = 1000;

/** The directory that holds the logs of a job and its neighbours. */
export function logShard(logsDir: string, seq: number): string {
  return `${logsDir}/${Math.floor(seq / SEQS_PER_SHARD)}`;
}

/** What one run of a job printed, both streams in the order of their writes. */
export function logFile(logsDir: string, seq: number, run: number): string {
  return `${logShard(logsDir, seq)}/${seq}.${run}.log`;
}

/** The note of a running process. Few exist at a time, so they are not sharded. */
export function noteFile(runDir: string, seq: number, run: number): string {
  return `${runDir}/${seq}.${run}`;
}

const DRAFT = '.draft';

/** A file that is no note yet, or no longer. */
export function draftFile(runDir: string, name: string): string {
  return `${runDir}/${name}${DRAFT}`;
}

export function isDraft(name: string): boolean {
  return name.endsWith(DRAFT);
}
