/** The topics of `queuectl help TOPIC`. Words that the code knows are taken from the code. */
import { SETTINGS, variableOf } from '../../config.js';
import { FILTER_KEYS } from '../../job/filter/terms.js';
import { STATES } from '../../job/state.js';
import type { State } from '../../job/state.js';

export const TOPICS: Readonly<Record<string, () => string>> = {
  'exit-codes': exitCodes,
  states,
  ids,
  filters,
  environment,
  json,
};

function exitCodes(): string {
  return `Exit codes, the same for every command:

  0    done
  1    it failed
  2    usage, or bad input: nothing was changed
  3    there is no such thing
  4    conflict: the id is stored already, or the job's state does not allow it
  5    the store cannot be used: locked, damaged, full, newer, or on a network file system
  6    not permitted
  7    a part was done and a part failed
  124  timed out

queuectl run exits with the job's own code: 128+n when signal n ended it, 143 when it was cancelled from elsewhere and
ended otherwise, 124 when it timed out, 126 or 127 when it could not be started or was not found, and 125 for any error
of queuectl itself.
`;
}

const MEANINGS: Readonly<Record<State, string>> = {
  scheduled: 'its time has not come',
  pending: 'ready: the next free worker takes it',
  processing: 'a worker runs it',
  failed: 'its last run failed, and it waits for its retry',
  blocked: 'it waits for other jobs',
  held: 'a person has put it aside',
  completed: 'it ended with exit code 0',
  dead: 'it is out of attempts: queuectl dlq list',
  cancelled: 'a person has stopped it',
};

function states(): string {
  return `A job is in one of these states:

${STATES.map((state) => `  ${state.padEnd(12)}${MEANINGS[state]}\n`).join('')}
max_retries counts the runs: with 2 a job runs twice in all, with 0 and with 1 once. After failure n it waits
backoff_base^n seconds: with the default 3 and 2, a bad command runs at 0, 2 and 6 seconds and is then dead.
`;
}

function filters(): string {
  const width = Math.max(...FILTER_KEYS.map(({ example }) => example.length));
  return `Commands that take ID…|FILTER take any of these words, and act on the jobs that all of them mean:

  42  build-1            a job by its number or id; several: any of them
  3-9,12                 numbers in a row
  last  all              the job that was stored last; every job

${FILTER_KEYS.map(({ example, help }) => `  ${example.padEnd(width)}  ${help}\n`).join('')}
A comma is "or": state:dead,failed. : and = ask for the whole text, ~ for a part of it, whatever its case; != and !~ for
the opposite; >, >=, <, <= compare (in quotes, or the shell takes them). and, or, not and parentheses combine words:

  queuectl list state:failed not queue:mail
  queuectl list '(tag:nightly or tag:weekly) exit>0'
  queuectl cancel 'command~"two words"' before:-1d
`;
}

function ids(): string {
  return `A job is known by its number (1, 2, 3, never used twice), or by an id that it brings along:

  queuectl enqueue --id nightly-report -- make report

Such an id begins with a letter or digit, goes on with letters, digits and . _ @ -, has at most 128
characters, and is not a number, a range (3-9), "last" or "all". It is unique among the stored jobs: a second one
is refused with exit code 4, or left as it is with --on-conflict ignore.
`;
}

function environment(): string {
  return `Read by queuectl:

  QUEUECTL_HOME  where the queue is (~/.queuectl)
  NO_COLOR       no colour;  FORCE_COLOR: colour in any case;  TERM=dumb: none
${SETTINGS.map((setting) => `  ${variableOf(setting)}\n`).join('')}                 settings for this command, before config.json

Set for each job, besides the worker's own environment and the job's "env":

  QUEUECTL_JOB_ID, QUEUECTL_RUN, QUEUECTL_QUEUE, QUEUECTL_TOKEN, QUEUECTL_WORKER_PID, QUEUECTL_HOME

A job with a "user" keeps the HOME, USER and LOGNAME of its worker, unless its "env" sets them.
`;
}

function json(): string {
  return `--json works with every command that reads or changes something; its keys are never renamed or removed.

  queuectl list --json            an array of jobs
  queuectl show 42 --json         the job itself, with "runs"
  queuectl status --json          {"jobs": {"pending": 2, …}, "workers": {"running": 1}}
  queuectl status --watch --json  the same, a line each time that it has changed
  queuectl stats --json           figures of jobs that ended: {"since": …, "total": {…}, "groups": [{…}]}
  queuectl events -f --json       an event a line
  queuectl doctor --json          {"ok": true, "checks": [{"check": …, "verdict": "ok", …}]}
  queuectl enqueue --json …       {"id": "42", "state": "pending", "existed": false}; a line each with -f
  queuectl worker start --json    an event a line; with --detach {"name": "w1", "pid": 1234, "log": "…"}
  queuectl worker list --json     an array of workers, with the ids of the jobs that each runs
  queuectl worker stop --json     {"asked": 1, "names": ["w1"], "now": false, "gone": null}; "gone" is true with --wait
  queuectl worker logs --json     {"time": "…", "text": "…"}, a line each
  queuectl run --json -- CMD      the job, on stderr, once it is over
  queuectl cancel --json 1 2      an array of the jobs that were cancelled or asked to end

--fields id,state picks fields. Ids are strings, times are ISO 8601 in UTC, durations end in _ms. An error is
one object on stderr: {"error": {"code": "usage", "message": "…", "hint": "…"}}.
`;
}
