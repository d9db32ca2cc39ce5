import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { checkArchitecture, type Rules } from './support/architecture.js';

const OF_AN_ADAPTER = [
  'store/store',
  'store/client',
  'store/overview',
  'store/logs',
  'store/rows',
  'store/bell',
  'store/pruning',
  'store/liveness',
  'store/lease',
  'store/migrate',
  'boot-clock',
  'log-part',
  'home',
  'job',
  'errors',
  'time',
];

/** Who may import whom; a part always may import itself. Type imports count. */
const rules: Rules = withLeaf('failpoint', {
  errors: { may: [] },
  time: { may: [] },
  log: { may: ['errors', 'time'] },
  home: { may: ['errors'] },
  'boot-clock': { may: [] },
  job: { may: ['errors', 'time'], pure: true },
  config: { may: ['job', 'errors', 'time', 'home'] },
  launcher: { may: ['errors', 'time', 'boot-clock'] },
  'log-part': { may: [] },
  output: { may: ['errors', 'time', 'log-part'] },
  'store/overview': { may: ['job'] },
  'store/client': { may: [] },
  'store/store': {
    may: [
      'job',
      'errors',
      'store/client',
      'store/overview',
      'store/bell',
      'store/pruning',
      'store/lease',
      'store/logs',
    ],
  },
  'store/logs': { may: ['log-part'] },
  'store/migrate': { may: ['errors'], lazily: ['store/sqlite', 'store/postgres'] },
  'store/open-store': {
    may: ['store/store', 'job', 'home', 'errors'],
    lazily: ['store/sqlite', 'store/postgres'],
  },
  'store/move-queue': {
    may: ['store/rows', 'job', 'errors'],
    lazily: ['store/sqlite', 'store/postgres'],
  },
  'store/rows': { may: ['job', 'store/overview', 'errors'] },
  'store/bell': { may: [] },
  'store/pruning': { may: ['job'] },
  'store/liveness': { may: [] },
  'store/lease': { may: ['boot-clock'] },
  'store/sqlite': { may: OF_AN_ADAPTER },
  'store/postgres': { may: OF_AN_ADAPTER },
  queue: {
    may: [
      'job',
      'store/store',
      'store/client',
      'output',
      'follow-job',
      'run-output',
      'wait-jobs',
      'explain-job',
      'enqueue-stream',
      'change-jobs',
      'list-options',
      'errors',
      'time',
    ],
  },
  'list-options': { may: ['job', 'store/store', 'errors'] },
  'change-jobs': { may: ['job', 'store/store', 'left-logs', 'errors', 'time'] },
  'left-logs': { may: ['store/store', 'store/pruning', 'output', 'errors'] },
  'enqueue-stream': { may: ['job', 'store/store', 'errors'] },
  'follow-job': { may: ['job', 'store/store', 'output', 'run-output', 'store-change'] },
  'run-output': { may: ['job', 'store/store', 'output', 'log-part'] },
  'wait-jobs': { may: ['job', 'store/store', 'change-jobs', 'store-change', 'errors', 'time'] },
  'explain-job': { may: ['job', 'store/store', 'launcher', 'change-jobs'] },
  'store-change': { may: ['store/store'] },
  maintenance: {
    may: ['job', 'store/store', 'store/pruning', 'launcher', 'output', 'left-logs', 'log', 'errors', 'time'],
  },
  worker: {
    may: [
      'job',
      'store/store',
      'store/bell',
      'store/lease',
      'boot-clock',
      'store/logs',
      'log-part',
      'launcher',
      'output',
      'log',
      'errors',
      'time',
      'maintenance',
      'queue',
    ],
  },
  'own-database': { may: ['job', 'errors'] },
  'open-queue': {
    may: ['own-database', 'queue', 'worker', 'store/open-store', 'config', 'home', 'job', 'errors'],
  },
  index: {
    may: [
      'open-queue',
      'queue',
      'change-jobs',
      'wait-jobs',
      'list-options',
      'worker',
      'store/store',
      'store/client',
      'output',
      'job',
      'errors',
    ],
  },
  http: { may: ['queue', 'job', 'config', 'errors', 'log', 'time'] },
  cli: { may: 'anything' },
});

/** Adds a part that imports nothing of ours and that every other part may import. */
function withLeaf(leaf: string, rules: Rules): Rules {
  const parts = Object.entries(rules).map(([part, rule]) => {
    const may = rule.may === 'anything' ? rule.may : [...rule.may, leaf];
    return [part, { ...rule, may }] as const;
  });
  return { ...Object.fromEntries(parts), [leaf]: { may: [] } };
}

/** Checks made-up files, given as path and text. */
function check(files: Record<string, string>): string[] {
  return checkArchitecture(
    Object.entries(files).map(([path, text]) => ({ path, text })),
    rules,
  );
}

test('the source keeps to the import table, without cycles, barrels and long files', () => {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const paths = readdirSync(`${root}/src`, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => `src/${path.replaceAll('\\', '/')}`);
  const files = paths.map((path) => ({ path, text: readFileSync(`${root}/${path}`, 'utf8') }));
  expect(files.length).toBeGreaterThan(0);
  expect(checkArchitecture(files, rules)).toEqual([]);
});

describe('the check finds', () => {
  test('nothing in files that keep to the table', () => {
    const problems = check({
      'src/errors.ts': `export class QueueError extends Error {}`,
      'src/job/job.ts': `import { QueueError } from '../errors.js';`,
      'src/store/sqlite/claims.ts': `import type { Job } from '../../job/job.js'; import { join } from 'node:path';`,
      'src/store/open-store.ts': `export const open = () => import('./sqlite/claims.js');`,
      'src/index.ts': `export { QueueError } from './errors.js';`,
    });
    expect(problems).toEqual([]);
  });

  test('an import that the table does not allow, and says what is allowed', () => {
    expect(check({ 'src/output/read.ts': `import { run } from '../cli/commands/run.js';` })).toEqual([
      'src/output/read.ts imports src/cli/commands/run.ts: output may import only errors, time, log-part, failpoint',
    ]);
  });

  test.each([
    ['a type import', `import type { Store } from '../store/store.js';`],
    ['an inline type import', `export type S = import('../store/store.js').Store;`],
    ['a dynamic import', `export const load = () => import('../store/store.js');`],
    ['an import for its effect', `import '../store/store.js';`],
  ])('%s that the table does not allow', (_, text) => {
    expect(check({ 'src/launcher/launcher.ts': text })).toEqual([
      'src/launcher/launcher.ts imports src/store/store.ts: launcher may import only errors, time, boot-clock, failpoint',
    ]);
  });

  test('one adapter that imports the other', () => {
    const text = `import { sql } from '../postgres/jobs.js';`;
    expect(check({ 'src/store/sqlite/jobs.ts': text })[0]).toMatch(
      /^src\/store\/sqlite\/jobs.ts imports .*may import only/,
    );
  });

  test('an adapter that is loaded before it is needed', () => {
    expect(check({ 'src/store/open-store.ts': `import { open } from './sqlite/open.js';` })).toEqual([
      'src/store/open-store.ts imports src/store/sqlite/open.ts: store/open-store may reach store/sqlite only by import()',
    ]);
  });

  test('a module of Node in the domain', () => {
    expect(check({ 'src/job/decide.ts': `import { randomBytes } from 'node:crypto';` })).toEqual([
      'src/job/decide.ts imports node:crypto: job is pure and may import no module of Node',
    ]);
  });

  test('a cycle, and names its files', () => {
    const problems = check({
      'src/job/a.ts': `import { b } from './b.js';`,
      'src/job/b.ts': `import type { C } from './c.js';`,
      'src/job/c.ts': `export const a = () => import('./a.js');`,
    });
    expect(problems).toEqual([
      'imports in a circle: src/job/a.ts -> src/job/b.ts -> src/job/c.ts -> src/job/a.ts',
    ]);
  });

  test('a re-export outside of the public API', () => {
    expect(check({ 'src/job/index.ts': `export * from './job.js';` })).toEqual([
      'src/job/index.ts re-exports src/job/job.ts: only src/index.ts may, import it from where it is defined',
    ]);
  });

  test('a long file', () => {
    expect(check({ 'src/time.ts': 'export {};\n'.repeat(300) })).toEqual([]);
    expect(check({ 'src/time.ts': 'export {};\n'.repeat(301) })).toEqual([
      'src/time.ts has 301 lines: 300 at most, split it',
    ]);
  });

  test('a file that is in no part of the table', () => {
    expect(check({ 'src/helpers.ts': '' })).toEqual([
      'src/helpers.ts belongs to no part: add it to the table',
    ]);
  });
});
