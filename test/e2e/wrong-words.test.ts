/** Wrong command lines over all commands that see and act: typos, missing values, contradictions, unknown things. */
import { expect, test } from 'vitest';
import { createCli } from '../support/cli.js';
import type { Cli } from '../support/cli.js';

/** Each with its exit code, and with what it says: the beginning of the error, and the whole hint. */
type Wrong = readonly [line: string, code: number, message: string, hint: string];

const NO_JOB = 'queuectl list --state all shows what there is';
const TO_DO_IT = 'to do it, add --yes; to count only, --dry-run';
const A_DURATION = 'a number with a unit: "30s", "10m", "1h30m", "2d"; a bare number is seconds';
const A_TIME = '-2h is two hours ago; or 2026-11-24, 2026-11-24T18:00:00Z';

const WRONG: Readonly<Record<string, readonly Wrong[]>> = {
  'mistyped commands': [
    ['cancle 1', 2, 'unknown command "cancle"', 'did you mean "cancel"?'],
    ['dlq purg --all', 2, 'unknown command "dlq purg"', 'did you mean "dlq purge"?'],
    ['worker lst', 2, 'unknown command "worker lst"', 'did you mean "worker list"?'],
    ['confg list', 2, 'unknown command "confg"', 'did you mean "config"?'],
    ['help lits', 2, 'unknown command "lits"', 'did you mean "list"?'],
  ],
  'mistyped flags': [
    ['list --colums id', 2, "unknown option '--colums'", 'did you mean "--columns"?'],
    ['logs 1 --stdot', 2, "unknown option '--stdot'", 'did you mean "--stdout"?'],
    ['status --wach', 2, "unknown option '--wach'", 'did you mean "--watch"?'],
    ['config list --show-orign', 2, "unknown option '--show-orign'", 'did you mean "--show-origin"?'],
    ['doctor --fixx', 2, "unknown option '--fixx'", 'did you mean "--fix"?'],
    ['dlq retry exit:127 --force', 2, "unknown option '--force'", 'queuectl help dlq retry'],
    ['set 1 --id other', 2, "unknown option '--id'", 'queuectl help set'],
  ],
  'filters that mean nothing': [
    ['list stat:dead', 2, 'in the filter, "stat:dead": there is no key "stat"', 'did you mean "state"?'],
    ['rm state:ded --yes', 2, 'in the filter, "state:ded": there is no state "ded"', 'did you mean "dead"?'],
    ['cancel state: --yes', 2, 'in the filter, "state:": no value behind', 'as in state:dead,failed'],
    ['retry outcome:timeot --yes', 2, 'in the filter, "outcome:timeot": there is', 'did you mean "timeout"?'],
    ['dlq list exit:abc', 2, 'in the filter, "exit:abc": "abc" is no whole number', 'as in exit:137'],
    ['hold took:soon --yes', 2, 'in the filter, "took:soon": "soon" is no duration', 'as in took>10m'],
    ['rm after:yesterdy --yes', 2, 'in the filter, "after:yesterdy": "yesterdy" is no time', A_TIME],
    ['rm queue:video and --yes', 2, 'in the filter, "and": nothing follows it', 'queuectl help filters'],
    ['set (state:dead --priority 1 --yes', 2, 'in the filter, "(": it is not', 'queuectl help filters'],
    ['rm 9-3 --yes', 2, 'in the filter, "9-3": the range "9-3" ends before', 'queuectl help filters'],
  ],
  'mistyped columns, groups and settings': [
    ['list --columns id,comand', 2, 'unknown column "comand"', 'did you mean "command"?'],
    ['list --sort idd', 2, 'unknown column to sort by "idd"', 'did you mean "id"?'],
    ['dlq list --group-by errors', 2, 'unknown group "errors"', 'did you mean "error"?'],
    ['stats --by worker', 2, '--by takes queue or command, not "worker"', 'queuectl help stats'],
    ['config get max_retrys', 2, 'unknown setting "max_retrys"', 'did you mean "max_retries"?'],
  ],
  'missing words and values': [
    ['list --sort', 2, "option '--sort <COLUMN>' argument missing", 'queuectl help list'],
    ['set 1 --timeout', 2, "option '--timeout <DURATION>' argument missing", 'queuectl help set'],
    ['set 1', 2, 'nothing to set', 'queuectl set 42 --priority 5'],
    ['rm', 2, 'which jobs?', 'queuectl rm 42, or by a filter: queuectl rm queue:mail'],
    ['dlq show', 2, "missing required argument 'id'", 'queuectl help dlq show'],
    ['config set max_retries', 2, "missing required argument 'value'", 'queuectl help config set'],
    ['worker start --queues mail,,sms', 2, '--queues has an empty word', 'queuectl help worker start'],
    ['events --job', 2, "option '--job <ID>' argument missing", 'queuectl help events'],
  ],
  contradictions: [
    ['dlq retry --all 1', 2, '--all and a choice of jobs exclude each other', 'leave one of them out'],
    ['dlq purge --all 1', 2, '--all and a choice of jobs exclude each other', 'leave one of them out'],
    ['worker stop --now --grace 5s', 2, "unknown option '--grace'", 'queuectl help worker stop'],
    ['worker stop --timeout 5s', 2, '--timeout needs --wait', 'queuectl worker stop --wait --timeout 30s'],
    ['status --watch --check', 2, '--watch and --check exclude each other', 'queuectl help status'],
    [
      'list --state dead --after dead:1:1 --sort priority',
      2,
      'a sorted list has no next page',
      'ask for more at once, or leave the order as it is',
    ],
    [
      'set 1 --delay 1m --at 2030-01-01T00:00',
      2,
      '"run_at" and "delay" exclude each other',
      'give one of them',
    ],
    [
      'dlq list --group-by error --sort id',
      2,
      '--group-by and --sort exclude each other',
      'the largest groups come first',
    ],
    ['prune --state dead', 2, '--state needs --older-than', 'queuectl prune --older-than 30d --state dead'],
    [
      'prune --older-than 1d --state pending',
      2,
      'only jobs that are over can be pruned, not pending ones',
      '--state completed,dead,cancelled; a job that waits can be cancelled first',
    ],
  ],
  'values that cannot be': [
    ['list --limit 0', 2, '--limit must be a whole number from 1 to 1000000, not 0', 'queuectl help list'],
    ['set 1 --jitter 2', 2, '--jitter must be a number from 0 to 1, not 2', 'queuectl help set'],
    ['set 1 --timeout 5x', 2, '--timeout must be a duration, not "5x"', A_DURATION],
    ['retry 1 --delay never', 2, 'the delay must be a duration, not "never"', A_DURATION],
    ['worker start --count 5000', 2, '--count must be a whole number from', 'queuectl help worker start'],
    ['config set jitter 7', 2, 'jitter must be a number from 0 to 1, not 7', 'queuectl help config set'],
    ['pause a/b', 2, 'a queue must be 1 to 128 of the characters', 'queuectl help pause'],
  ],
  'many jobs without --yes, and nobody to ask': [
    ['cancel state:pending', 2, 'this would cancel 1 job: 1', TO_DO_IT],
    ['hold all', 2, 'this would hold 1 job: 1', TO_DO_IT],
    ['release state:held', 2, 'this would release 1 job: 2', TO_DO_IT],
    ['retry state:dead', 2, 'this would retry 1 job: 3', TO_DO_IT],
    ['set state:pending --priority 1', 2, 'this would change 1 job: 1', TO_DO_IT],
    ['rm queue:default', 2, 'this would remove 3 jobs: ', TO_DO_IT],
    ['dlq retry --all', 2, 'this would retry 1 job: 3', TO_DO_IT],
    ['dlq purge --all', 2, 'this would remove 1 job: 3', TO_DO_IT],
  ],
  'ids and names that nobody has': [
    ['cancel 99', 3, 'no job "99"', NO_JOB],
    ['retry 99', 3, 'no job "99"', NO_JOB],
    ['set 99 --priority 1', 3, 'no job "99"', NO_JOB],
    ['rm 99', 3, 'no job "99"', NO_JOB],
    ['dlq show 99', 3, 'no job "99"', NO_JOB],
    ['dlq show exit:1', 3, 'no job "exit:1"', 'this takes one id; queuectl list exit:1 finds jobs'],
    ['show last', 3, 'no job "last"', 'this takes one id; queuectl list last finds jobs'],
    ['events --job 99', 3, 'no job "99"', NO_JOB],
    ['worker stop nobody', 3, 'no worker named "nobody" runs', 'no worker is running'],
    [
      'worker logs nobody',
      3,
      'there is no log of a worker named "nobody"',
      'no worker has one yet: queuectl worker start --detach',
    ],
  ],
  'what the state of a job does not allow': [
    ['release 1', 4, 'job 1 is pending, not held', 'queuectl show 1'],
    ['dlq retry 1', 4, 'job 1 is pending, not dead', 'queuectl show 1'],
    ['dlq show 1', 4, 'job 1 is pending, not dead', 'queuectl show 1'],
    ['dlq purge 1', 4, 'job 1 is pending, not dead', 'queuectl show 1'],
    ['cancel 3', 4, 'job 3 is dead', 'queuectl show 3 says how it ended'],
  ],
};

/** A job that waits, one that is held, and a dead one; 1, 2 and 3. */
async function threeJobs(cli: Cli): Promise<void> {
  const command = 'exit 1';
  await cli.enqueueAll([{ command }, { command }, { command, max_retries: 1, queue: 'now' }]);
  await cli.ok('hold', '2');
  await cli.drain('--queues', 'now');
  await cli.ok('set', '3', '--queue', 'default');
}

/** All that these commands could change. */
const everything = async (cli: Cli): Promise<string> =>
  [
    await cli.ok('list', '--state', 'all', '--json'),
    await cli.ok('status', '--json'),
    await cli.ok('config', 'list', '--json'),
  ].join('');

test.each(Object.entries(WRONG))(
  '%s: one error line, a hint, the documented code, nothing on stdout, nothing changed',
  async (_what, wrong) => {
    const cli = createCli();
    await threeJobs(cli);
    const before = await everything(cli);
    for (const [line, code, message, hint] of wrong) {
      const { stderr, ...ended } = await cli.run(line.split(' '));
      expect({ line, ...ended }).toMatchObject({ line, code, stdout: '' });
      const [error = '', ...rest] = stderr.split('\n');
      expect(error.slice(0, `error: ${message}`.length)).toBe(`error: ${message}`);
      expect({ line, rest }).toEqual({ line, rest: [`hint: ${hint}`, ''] });
    }
    expect(await everything(cli)).toBe(before);
  },
);
