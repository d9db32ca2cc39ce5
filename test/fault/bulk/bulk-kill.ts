/** `enqueue -f` killed again and again, at random moments, and repeated: is each line of the file stored once? */
import { execFileSync, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { withDatabase } from '../../support/database.js';
import type { Database } from '../../support/database.js';
import { damageOf } from '../harness/database.js';
import type { Random } from '../harness/random.js';

export interface BulkKillOptions {
  /** Started as `node FILE`. */
  readonly cli: string;
  readonly directory: string;
  /** The URL of the queue's database; null: it is in a home in the directory. */
  readonly database: string | null;
  readonly lines: number;
  readonly kills: number;
  readonly random: Random;
}

export interface BulkKillFigures {
  /** After each kill: how many lines had been acknowledged in that attempt, and how many jobs were stored. */
  readonly kills: readonly { readonly acknowledged: number; readonly stored: number }[];
  readonly rows: number;
  readonly distinctIds: number;
  /** Rows whose command is not that of their line. */
  readonly wrong: number;
  readonly pendingCounter: number;
  readonly damage: readonly string[];
  readonly seconds: number;
}

/** Longer than a transaction: a kill falls anywhere in one, and between two. */
const LONGEST_DELAY_MS = 30;

/** Kills the enqueue as often as was asked for, lets it run to its end, and counts what is stored. */
export async function runBulkKill(options: BulkKillOptions): Promise<BulkKillFigures> {
  const { directory, lines, random } = options;
  const start = performance.now();
  await writeLines(join(directory, 'jobs.ndjson'), lines);
  const kills: { acknowledged: number; stored: number }[] = [];
  const share = Math.ceil(lines / options.kills);
  let stored = 0;
  for (let attempt = 0; attempt < options.kills; attempt++) {
    // Among the lines that an earlier attempt stored, or among as many new ones as bring the last kill near the end.
    const killAfter = random.between(0, Math.min(lines - 1, stored + 2 * share));
    const { acknowledged, wasKilled } = await enqueue(options, killAfter);
    stored = pendingNow(options);
    if (wasKilled) kills.push({ acknowledged, stored });
  }
  if ((await enqueue(options, Infinity)).acknowledged !== lines) throw new Error('not all were acknowledged');
  return { kills, ...(await countAll(options)), seconds: (performance.now() - start) / 1000 };
}

/** Kills it a moment after that many lines were acknowledged. Throws where it ended with an error. */
async function enqueue(
  { cli, directory, database, random }: BulkKillOptions,
  killAfter: number,
): Promise<{ acknowledged: number; wasKilled: boolean }> {
  const words = ['enqueue', '-q', '-f', 'jobs.ndjson', '--on-conflict', 'ignore'];
  const child = spawn(process.execPath, [cli, ...words], {
    cwd: directory,
    env: environment({ directory, database }),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const delayMs = random.next() * LONGEST_DELAY_MS;
  let acknowledged = 0;
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    if (acknowledged >= killAfter) timer ??= setTimeout(() => child.kill('SIGKILL'), delayMs);
  };
  child.stdout.on('data', (chunk: Buffer) => {
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) acknowledged += 1;
    look();
  });
  look();
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  clearTimeout(timer);
  if (signal === 'SIGKILL') return { acknowledged, wasKilled: true };
  if (code === 0) return { acknowledged, wasKilled: false };
  throw new Error(`enqueue ended with ${signal ?? `exit code ${code}`}`);
}

async function writeLines(path: string, lines: number): Promise<void> {
  const file = createWriteStream(path);
  for (let line = 1; line <= lines; line++) {
    const isTaken = file.write(`{"id":"job-${line}","command":"echo ${line}"}\n`);
    if (!isTaken) await once(file, 'drain');
  }
  file.end();
  await once(file, 'finish');
}

/** As the next command of a person sees it. */
function pendingNow(options: BulkKillOptions): number {
  const status = execFileSync(process.execPath, [options.cli, 'status', '--json'], {
    env: environment(options),
    encoding: 'utf8',
  });
  return (JSON.parse(status) as { jobs: { pending: number } }).jobs.pending;
}

type Where = Pick<BulkKillOptions, 'directory' | 'database'>;

function environment({ directory, database }: Where): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    QUEUECTL_HOME: join(directory, 'home'),
    ...(database !== null && { QUEUECTL_DATABASE_URL: database }),
  };
}

/** Once at the end, by statements of its own. */
function countAll({ directory, database }: Where): Promise<Omit<BulkKillFigures, 'kills' | 'seconds'>> {
  const place = { home: join(directory, 'home'), database };
  return withDatabase(place, async (opened) => ({
    rows: await numberOf(opened, 'SELECT count(*) AS n FROM jobs'),
    distinctIds: await numberOf(opened, 'SELECT count(DISTINCT id) AS n FROM jobs'),
    wrong: await numberOf(
      opened,
      `SELECT count(*) AS n FROM jobs WHERE id IS DISTINCT FROM replace(command, 'echo ', 'job-')`,
    ),
    pendingCounter: await numberOf(opened, `SELECT sum(n) AS n FROM counters WHERE state = 'pending'`),
    damage: await damageOf(place, opened),
  }));
}

async function numberOf({ rows }: Database, sql: string): Promise<number> {
  const [row] = await rows(sql);
  return Number(row?.['n']);
}
