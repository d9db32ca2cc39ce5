/** docs/json.md tells the truth: each of its examples has the keys, in their order, and the kinds that the command prints. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createCli, linesOf } from '../support/cli.js';
import type { Cli } from '../support/cli.js';

const PAGE = readFileSync(new URL('../../docs/json.md', import.meta.url), 'utf8');

/** The example of each section. */
const EXAMPLES = new Map(
  [...PAGE.matchAll(/^## (.+)\n(?:(?!^## )[^])*?^```json\n([^]*?)^```$/gm)].map(
    ([, title = '', json = '']) => [title, JSON.parse(json) as unknown],
  ),
);

/** A name for the kind of each value, with the keys in their order; of a list its first. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf);
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value;
  return Object.entries(value).map(([key, inner]) => [key, shapeOf(inner)]);
}

const firstWhere = (stdout: string, part: string): unknown =>
  JSON.parse(linesOf(stdout).find((line) => line.includes(part)) ?? 'null');

/** What prints the noun; the queue holds what the examples say. */
const PRINTED: Readonly<Record<string, (cli: Cli) => Promise<unknown>>> = {
  enqueue: (cli) => cli.json('enqueue', '--hold', '--', 'true'),
  show: (cli) => cli.json('show', '2'),
  'list --fields id,state,queue,attempts': (cli) =>
    cli.json('list', 'state:dead', '--fields', 'id,state,queue,attempts'),
  'retry state:dead --yes': (cli) => cli.json('retry', 'state:dead', '--yes'),
  'dlq list --group-by error': (cli) => cli.json('dlq', 'list', '--group-by', 'error'),
  logs: async (cli) => {
    await cli.ok('run', '--id', 'said', '--', 'echo hello');
    return firstWhere(await cli.ok('logs', 'said', '--json'), 'hello');
  },
  'worker list': async (cli) => {
    const worker = await cli.startWorker();
    const shape = await cli.json('worker', 'list');
    await worker.kill('SIGTERM');
    return shape;
  },
  prune: (cli) => cli.json('prune', '--older-than', '1d', '--yes'),
  version: (cli) => cli.json('version'),
  status: (cli) => cli.json('status'),
  'status --check': async (cli) => {
    await cli.ok('enqueue', '-q', '-g', 'sms', '--', 'true');
    return JSON.parse((await cli.run(['status', '--check', '--json'])).stdout);
  },
  stats: (cli) => cli.json('stats', '--by', 'queue'),
  events: async (cli) => firstWhere(await cli.ok('events', '--json'), '"outcome":"failure"'),
  explain: (cli) => cli.json('explain', '3'),
  // A server of the tests does not sync, which is a failure to it.
  doctor: async (cli) => JSON.parse((await cli.run(['doctor', '--json'])).stdout),
  'config list': (cli) => cli.json('config', 'list'),
  'config list --show-origin': (cli) => cli.json('config', 'list', '--show-origin'),
  'config get': (cli) => cli.json('config', 'get', 'max_retries'),
  'config set': (cli) => cli.json('config', 'set', 'max_retries', '5'),
  pause: (cli) => cli.json('pause', 'mail'),
};

test('every noun on the page is tried', () => {
  expect([...EXAMPLES.keys()]).toEqual(Object.keys(PRINTED));
});

test.each(Object.entries(PRINTED))('%s prints the shape that the page shows', async (noun, print) => {
  const cli = createCli();
  await cli.enqueueAll([
    { command: 'true', queue: 'mail' },
    { command: 'exit 3', queue: 'mail', max_retries: 1, tags: ['nightly'], cwd: cli.directory },
  ]);
  await cli.drain();
  await cli.enqueueAll([{ command: 'true', queue: 'mail' }]);
  await cli.ok('pause', 'mail');
  const withoutFigures = (shape: unknown): string =>
    JSON.stringify(shape)
      // Without the native launcher it is not known what a run took.
      .replaceAll(/"(user_ms|system_ms|max_rss_kb)","(number|null)"/g, '"$1","?"')
      // Null where the queue is a file in the home.
      .replaceAll(/"(last_beat_at|database)",(\[\["value",)?"(string|null)"/g, '"$1",$2"?"');
  expect(withoutFigures(shapeOf(await print(cli)))).toBe(withoutFigures(shapeOf(EXAMPLES.get(noun))));
});
