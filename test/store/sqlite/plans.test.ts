/** How SQLite carries out each statement of the store: by the index that was made for it, never over all jobs. */
import { DatabaseSync } from '@photostructure/sqlite';
import { join } from 'node:path';
import { beforeAll, expect, test, vi } from 'vitest';
import { Connection } from '../../../src/store/sqlite/connection.js';
import { openStore } from '../../../src/store/open-store.js';
import { makeTemporaryHome } from '../../support/stores.js';
import { useStore } from '../../support/use-store.js';

/** The statements that touch jobs, with their plans. */
async function planAll(): Promise<Map<string, string[]>> {
  const { home, remove } = makeTemporaryHome();
  const store = await openStore(home, { lockTimeoutMs: 1000 });
  const sql = vi.spyOn(Connection.prototype, 'sql');
  await useStore(store);
  const texts = new Set(sql.mock.calls.map(([text]) => text));
  sql.mockRestore();

  const database = new DatabaseSync(join(home, 'queue.db'));
  const plans = new Map<string, string[]>();
  for (const text of texts) {
    if (!/\bjobs\b/.test(text)) continue;
    const rows = database.prepare(`EXPLAIN QUERY PLAN ${text}`).all() as unknown as { detail: string }[];
    plans.set(
      text.replaceAll(/\s+/g, ' ').trim(),
      rows.map((row) => row.detail),
    );
  }
  database.close();
  await store.close();
  remove();
  return plans;
}

let plans: Map<string, string[]>;

beforeAll(async () => {
  plans = await planAll();
});

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
  ['what a person does', /^UPDATE jobs SET \(state, run_at/, /INTEGER PRIMARY KEY \(rowid=\?\)/],
  ['other settings', /^UPDATE jobs SET \(id, queue/, /INTEGER PRIMARY KEY \(rowid=\?\)/],
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
