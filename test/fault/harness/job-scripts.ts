/** The shell scripts of the ledger job: what the queue runs, and what the jobs themselves say about it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JobKind } from '../checkers/evidence.js';

/**
 * The lock finds any two runs of a job that live at the same time, a forgotten grandchild included, since it
 * inherits the descriptor. 99 is flock's own exit code for a held lock; no job exits with it.
 */
const JOB = `
base=$1
[ "$2" = deaf ] && trap '' TERM
flock -n -E 99 "$base/locks/$QUEUECTL_JOB_ID" sh "$base/work.sh" "$@"
rc=$?
read -r up rest </proc/uptime
[ "$rc" -eq 99 ] && printf 'OVERLAP %s %s %s\\n' "$QUEUECTL_JOB_ID" "$QUEUECTL_RUN" "$up" >>"$base/ledger"
exit "$rc"
`;

/** Each line of the ledger is one write to a file that is open for appending. */
const WORK = `
base=$1 kind=$2
say() {
  read -r up rest </proc/uptime
  printf '%s %s %s %s %s\\n' "$1" "$QUEUECTL_JOB_ID" "$QUEUECTL_RUN" "$up" "$2" >>"$base/ledger"
}
say S "$QUEUECTL_WORKER_PID"
first_time() {
  [ ! -e "$base/tried/$QUEUECTL_JOB_ID" ] && : >"$base/tried/$QUEUECTL_JOB_ID"
}
rc=0
case $kind in
  ok) ;;
  nap) sleep 0.2 ;;
  long) sleep 2 ;;
  fail) rc=1 ;;
  clinger) first_time && sleep 10 ;;
  flaky) first_time && rc=1 ;;
  print) head -c 60000 /dev/zero | tr '\\0' x ;;
  stubborn) trap '' TERM; sleep 0.5 ;;
  family) sleep 30 & sleep 0.1 ;;
  deaf) first_time && setsid sleep 30 ;;
  runaway) setsid sleep 30 & sleep 0.3; kill $!; wait ;;
esac
say E "$rc"
exit "$rc"
`;

export function writeJobScripts(base: string): void {
  writeFileSync(join(base, 'job.sh'), JOB);
  writeFileSync(join(base, 'work.sh'), WORK);
}

/** The command of a job; `mark` tells it from every other one. */
export function ledgerCommand(base: string, kind: JobKind, mark: string): string {
  return `exec sh ${base}/job.sh ${base} ${kind} ${mark}`;
}

/** The mark in a command that `ledgerCommand` made. */
export function markOf(command: string): string {
  return command.slice(command.lastIndexOf(' ') + 1);
}
