/** How SQLite carries out each statement of the store: by the index that was made for it, never over all jobs. */
import { DatabaseSync } from '@photostructure/sqlite';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { FINAL_STATES, STATES } from '../../../src/job/state.js';
import { insertRunning, rerun } from '../../../src/store/sqlite/attached.js';
import { changeJobs } from '../../../src/store/sqlite/change.js';
import { beginChanges, changes, findJobs, runsAfter } from '../../../src/store/sqlite/changes.js';
import { exchange, outlook } from '../../../src/store/sqlite/claims.js';
import { Connection } from '../../../src/store/sqlite/connection.js';
import { counts, isDrained } from '../../../src/store/sqlite/counters.js';
import type { Statement } from '../../../src/store/sqlite/driver.js';
import { listEnded } from '../../../src/store/sqlite/ended-jobs.js';
import { insertJobs } from '../../../src/store/sqlite/insert.js';
import { getJob } from '../../../src/store/sqlite/jobs.js';
import { listJobs } from '../../../src/store/sqlite/list.js';
import { beginPruneRound, countPrunable, pruneJobs } from '../../../src/store/sqlite/prune.js';
import { listQueues } from '../../../src/store/sqlite/queues.js';
import { countAhead, readyLanes } from '../../../src/store/sqlite/ready-lanes.js';
import { areProcessing, latestRuns, listRuns } from '../../../src/store/sqlite/runs.js';
import {
  listDeadSessions,
  listOwned,
  listOwnedIds,
  removeSession,
} from '../../../src/store/sqlite/sessions.js';
import { unservedLanes } from '../../../src/store/sqlite/unserved.js';
import { openStore } from '../../../src/store/open-store.js';
import type { Session } from '../../../src/store/store.js';
import { ended, makeTemporaryHome, newJob, owner, TO } from '../../support/stores.js';

/** Notes the text of every statement that the store prepares. */
class NotingConnection extends Connection {
  readonly texts = new Set<string>();

  override sql(text: string): Statement {
    this.texts.add(text);
    return super.sql(text);
  }
}

/** Does everything that a store can do, once; the statements that touched jobs, with their plans. */
async function planAll(): Promise<Map<string, string[]>> {
  const { home, remove } = makeTemporaryHome();
  const store = await openStore(home, { lockTimeoutMs: 1000 });
  const connection = new NotingConnection(join(home, 'queue.db'), 1000);
  const session = await store.openSession(owner());
  await insertJobs(connection, [newJob(), newJob({ id: 'named' }), newJob({ queue: 'b' })], 'error');
  await useAll(connection, session);

  const database = new DatabaseSync(join(home, 'queue.db'));
  const plans = new Map<string, string[]>();
  for (const text of connection.texts) {
    if (!/\bjobs\b/.test(text)) continue;
    const rows = database.prepare(`EXPLAIN QUERY PLAN ${text}`).all() as unknown as { detail: string }[];
    plans.set(
      text.replaceAll(/\s+/g, ' ').trim(),
      rows.map((row) => row.detail),
    );
  }
  database.close();
  connection.close();
  await store.close();
  remove();
  return plans;
}

let plans: Map<string, string[]>;

beforeAll(async () => {
  plans = await planAll();
});

async function useAll(connection: Connection, session: Session): Promise<void> {
  const { claims } = await exchange(connection, session, { running: [], finished: [], free: 3 });
  const finished = claims.map((job, n) => ended(job, [TO.failed, TO.dead, TO.completed][n] ?? TO.completed));
  await exchange(connection, session, { running: [], finished, free: 3 });
  await insertJobs(
    connection,
    Array.from({ length: 20 }, () => newJob({ queue: 'many' })),
    'error',
  );
  const many = await exchange(connection, session, { running: [], finished: [], free: 20 });
  const ends = many.claims.map((claimed) => ended(claimed, TO.completed));
  await exchange(connection, session, { running: [], finished: ends, free: 0 });
  await changeJobs(connection, { ids: ['3'] }, { kind: 'retry', from: ['completed'], delayMs: 0 });
  const request = { signal: 'SIGTERM', graceMs: null, reason: 'cancelled by a person' };
  await changeJobs(connection, { ids: ['3'] }, { kind: 'hold' });
  await changeJobs(connection, { ids: ['3'] }, { kind: 'release' });
  await changeJobs(connection, { ids: ['3'] }, { kind: 'set', settings: { priority: 3, tags: ['nightly'] } });
  await changeJobs(connection, { ids: ['3'] }, { kind: 'cancel', cancel: request });
  await changeJobs(connection, { ids: ['3'] }, { kind: 'retry', from: ['cancelled'], delayMs: 0 });
  await changeJobs(connection, { ids: ['5'] }, { kind: 'retry', from: ['completed'], delayMs: 1000 });
  await changeJobs(connection, { ids: ['4'] }, { kind: 'remove', from: FINAL_STATES });
  const job = await insertRunning(connection, { ...session, kind: 'run' }, newJob());
  await exchange(
    connection,
    { ...session, kind: 'run' },
    { running: [], finished: [ended(job, TO.failed)], free: 0 },
  );
  const again = await rerun(connection, session, job.seq);
  if (again !== null) await changeJobs(connection, { ids: [again.id] }, { kind: 'cancel', cancel: request });
  await outlook(connection, session);
  await getJob(connection, '1');
  await getJob(connection, 'named');
  for (const queue of [undefined, 'default'])
    for (const state of STATES) {
      const after = { state, atMs: 1, seq: 1, priority: 0, queue: 'default', handler: '' };
      await listJobs(connection, { states: STATES, queue, limit: 10 });
      await listJobs(connection, { states: [state], queue, limit: 10, after });
    }
  await counts(connection);
  await isDrained(connection, null);
  await listQueues(connection);
  await readyLanes(connection);
  await countAhead(connection, job, 10);
  await beginChanges(connection, null);
  await changes(connection, await beginChanges(connection, 1));
  await findJobs(connection, [1]);
  await runsAfter(connection, [{ seq: 1, run: 0 }]);
  for (const state of FINAL_STATES) {
    await listEnded(connection, state, 0, null, 10);
    await listEnded(connection, state, 0, { finishedAtMs: 1, seq: 1 }, 10);
  }
  const all = { states: FINAL_STATES, endedBeforeMs: 0 };
  await countPrunable(connection, all);
  await pruneJobs(connection, { ...all, endedBeforeMs: 1 }, 10);
  await beginPruneRound(connection);
  await counts(connection, ['default']);
  await listOwned(connection, session);
  await listOwnedIds(connection, session, 1);
  await unservedLanes(connection, undefined, () => true);
  await areProcessing(connection, [job]);
  await listRuns(connection, 1);
  await latestRuns(connection, [1]);
  await listDeadSessions(connection, '/', 'boot', () => false);
  await removeSession(connection, session, []);
}

test('no statement goes through all jobs', () => {
  expect(plans.size).toBeGreaterThan(25);
  for (const [text, plan] of plans)
    for (const step of plan) {
      // Each of our indexes is partial and holds few rows, but those of ended and waiting jobs.
      const isPartial = /USING (COVERING )?INDEX jobs_(ready|owned|put_aside|rerun)/.test(step);
      if (!isPartial) expect(step, `${text}\n${plan.join('\n')}`).not.toMatch(/^SCAN jobs/);
    }
});

test('nothing is sorted but what runs now', () => {
  const sorting = [...plans].filter(([, plan]) => plan.some((step) => step.includes('TEMP B-TREE')));
  const allowed = /state = 'processing'|SELECT DISTINCT session_id/;
  expect(sorting.filter(([text]) => !allowed.test(text))).toEqual([]);
});

const EXPECTED: readonly (readonly [what: string, text: RegExp, index: RegExp])[] = [
  [
    'the claim of one lane',
    /WHERE queue = \? AND handler = \? AND state = 'pending' ORDER BY priority DESC/,
    /INDEX jobs_ready \(queue=\? AND handler=\?\)/,
  ],
  ['the lanes that are ready', /^SELECT queue, handler FROM jobs/, /COVERING INDEX jobs_ready/],
  ['the oldest of a lane', /AND priority < \? AND state/, /INDEX jobs_ready \(queue=\? AND handler=\?/],
  ['what is due', /run_at <= \?1 .*ORDER BY run_at LIMIT/, /INDEX jobs_due \(state=\? AND run_at<\?\)/],
  ['when the next is due', /min\(run_at\) AS due/, /INDEX jobs_due \(state=\?\)/],
  ['what a session owns', /^SELECT \* FROM jobs WHERE session_id = \?/, /INDEX jobs_owned \(session_id=\?\)/],
  [
    'what a session runs, in an exchange',
    /^SELECT seq, run, queue, attempts, crashes/,
    /INDEX jobs_owned \(session_id=\?\)/,
  ],
  ['what a person wants to end', /cancel IS NOT NULL$/, /INDEX jobs_owned \(session_id=\?\)/],
  ['a cancel', /SET (cancel = |state = 'cancelled')/, /INTEGER PRIMARY KEY \(rowid=\?\)/],
  [
    'the jobs that a session keeps',
    /state = 'dead', session_id = NULL/,
    /INDEX jobs_owned \(session_id=\?\)/,
  ],
  [
    'the claim of a row',
    /state = 'processing', run = run \+ 1, session_id = \?1/,
    /INTEGER PRIMARY KEY \(rowid=\?\)/,
  ],
  ['the end of a run', /^UPDATE jobs SET state = \?3, attempts/, /INTEGER PRIMARY KEY \(rowid=\?\)/],
  ['the ends of many runs', /FROM json_each\(\?3\) WHERE jobs/, /INTEGER PRIMARY KEY \(rowid=\?\)/],
  ['the claim of many rows', /seq IN \(SELECT value FROM json_each/, /INTEGER PRIMARY KEY \(rowid=\?\)/],
  ['ids that are stored', /^SELECT id FROM jobs WHERE id IN/, /COVERING INDEX jobs_id \(id=\?\)/],
  ['a job by its number', /^SELECT \* FROM jobs WHERE seq = \?/, /INTEGER PRIMARY KEY \(rowid=\?\)/],
  ['a job by its name', /^SELECT \* FROM jobs WHERE id = \?/, /INDEX jobs_id \(id=\?\)/],
  ['the list of pending jobs', /state = 'pending' AND (queue = \? AND )?TRUE/, /INDEX jobs_ready/],
  [
    'the list of scheduled jobs',
    /FROM jobs WHERE state = 'scheduled' AND .*seq LIMIT/,
    /INDEX jobs_due \(state=\?( AND [a-z_]+[=>]\?)*\)/,
  ],
  [
    'the list of failed jobs',
    /FROM jobs WHERE state = 'failed' AND .*seq LIMIT/,
    /INDEX jobs_due \(state=\?( AND [a-z_]+[=>]\?)*\)/,
  ],
  ['the list of processing jobs', /state = 'processing' AND session_id IS NOT NULL/, /INDEX jobs_owned/],
  [
    'the list of completed jobs',
    /^SELECT \* FROM jobs WHERE state = 'completed'/,
    /INDEX jobs_ended \(state=\?( AND [a-z_]+[=<]\?)*\)/,
  ],
  [
    'the list of dead jobs',
    /^SELECT \* FROM jobs WHERE state = 'dead'/,
    /INDEX jobs_ended \(state=\?( AND [a-z_]+[=<]\?)*\)/,
  ],
  [
    'what has ended since a time',
    /finished_at >= \? AND .* finished_at DESC, seq DESC/,
    /INDEX jobs_ended \(state=\? AND finished_at/,
  ],
  ['the list of held jobs', /WHERE state = 'held'/, /INDEX jobs_put_aside \(state=\?( AND [a-z_]+[=<]\?)*\)/],
];

test.each(EXPECTED)('%s uses its index', (_what, text, index) => {
  const found = [...plans].filter(([candidate]) => text.test(candidate));
  expect(found).not.toEqual([]);
  for (const [candidate, plan] of found) expect(plan.join('\n'), candidate).toMatch(index);
});

test('the jobs before one are counted by ranges of the claim index', () => {
  const counting = [...plans].filter(
    ([text]) => text.includes('priority > ?)') || /priority [>=] \? .*LIMIT \?\)/.test(text),
  );
  expect(counting.length).toBeGreaterThan(0);
  for (const [text, plan] of counting)
    expect(plan.join('\n'), text).toMatch(
      /SEARCH jobs USING COVERING INDEX jobs_ready \(queue=\? AND handler=\? AND priority/,
    );
});
