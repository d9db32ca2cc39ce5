/**
 * A PostgreSQL server for tests: one that `QUEUECTL_TEST_DATABASE_URL` names, whose role may create databases, or
 * a cluster of its own in a temporary directory. Where there is neither, tests are skipped and say why.
 */
import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { waitUntil } from './processes.js';

export interface TestServer {
  /** A new, empty database; its URL. */
  readonly createDatabase: () => Promise<string>;
  /** Empties it: nobody has it open any more. */
  readonly freeDatabase: (url: string) => Promise<void>;
  /** Ends the server at once, without a checkpoint, and starts it again. Only of a cluster of ours. */
  readonly restart: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

const GIVEN_URL = process.env['QUEUECTL_TEST_DATABASE_URL'];

/** Debian keeps the programs of a server out of the PATH, by version: the newest is taken. */
function findBinaries(): string | null {
  const versions = existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql') : [];
  const directories = [
    ...versions
      .toSorted((a, b) => Number(b) - Number(a))
      .map((version) => `/usr/lib/postgresql/${version}/bin`),
    ...(process.env['PATH'] ?? '').split(':'),
  ];
  return directories.find((directory) => existsSync(join(directory, 'initdb'))) ?? null;
}

/** Why there is no server; undefined: there is one. */
export const noPostgres: string | undefined =
  GIVEN_URL !== undefined || findBinaries() !== null
    ? undefined
    : 'no PostgreSQL: install it, or set QUEUECTL_TEST_DATABASE_URL';

/** For titles: why their tests are skipped, where they are. */
export const whySkipped = noPostgres === undefined ? '' : ` [${noPostgres}]`;

/** `durable`: with fsync, for tests of what reaches the disk. */
export async function startServer({ durable = false } = {}): Promise<TestServer> {
  if (GIVEN_URL !== undefined) return serverAt(GIVEN_URL, { restart: refuse, stop: async () => undefined });
  const directory = mkdtempSync(join(tmpdir(), 'queuectl-postgres-'));
  const user = unprivilegedUser();
  if (user !== null) chownSync(directory, user.uid, user.gid);
  const bin = findBinaries() ?? '';
  const data = join(directory, 'data');
  const [initdb = '', ...initdbArgs] = asUser(user, [
    join(bin, 'initdb'),
    `--pgdata=${data}`,
    '--username=postgres',
    '--auth=trust',
    '--no-sync',
    '--encoding=UTF8',
    '--locale=C.UTF-8',
  ]);
  execFileSync(initdb, initdbArgs, { stdio: 'pipe', cwd: directory });
  const port = await freePort();
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: directory,
    fsync: durable ? 'on' : 'off',
    max_connections: 200,
    shared_buffers: '64MB',
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const [program = '', ...rest] = asUser(user, [join(bin, 'postgres'), '-D', data, ...args]);
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  const start = async (): Promise<ChildProcess> => {
    const child = spawn(program, rest, { stdio: 'ignore', cwd: directory });
    await waitUntil(() => answers(url), { what: 'PostgreSQL to answer' });
    return child;
  };
  let child = await start();
  const end = async (): Promise<void> => {
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGQUIT');
    await ended;
  };
  return serverAt(url, {
    restart: async () => {
      await end();
      child = await start();
    },
    stop: async () => {
      await end();
      rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
    },
  });
}

let databases = 0;

function serverAt(url: string, control: Pick<TestServer, 'restart' | 'stop'>): TestServer {
  /** To empty one takes a tenth of what it takes to make one. */
  const emptied: string[] = [];
  const made: string[] = [];
  return {
    ...control,
    createDatabase: async () => {
      const free = emptied.pop();
      if (free !== undefined) return free;
      const name = `queuectl_${process.pid}_${(databases += 1)}`;
      await query(url, `CREATE DATABASE ${name}`);
      const database = new URL(url);
      database.pathname = `/${name}`;
      made.push(name);
      return database.href;
    },
    freeDatabase: async (database) => {
      await query(database, 'DROP SCHEMA queuectl CASCADE');
      emptied.push(database);
    },
    stop: async () => {
      if (GIVEN_URL !== undefined)
        for (const name of made) await query(url, `DROP DATABASE ${name} WITH (FORCE)`);
      await control.stop();
    },
  };
}

/** One statement, or several without rows, over a connection of its own. */
export async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function answers(url: string): Promise<boolean> {
  await query(url, 'SELECT 1');
  return true;
}

async function refuse(): Promise<void> {
  throw new Error('the server of QUEUECTL_TEST_DATABASE_URL is not ours to restart');
}

/** PostgreSQL does not run as root. */
function unprivilegedUser(): { readonly name: string; readonly uid: number; readonly gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const found = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody');
  if (found === undefined) throw new Error('there is no user to run PostgreSQL as');
  return { name: found[0] ?? '', uid: Number(found[2]), gid: Number(found[3]) };
}

/** Ended with this process, should it be killed before it can do so. */
function asUser(user: ReturnType<typeof unprivilegedUser>, command: readonly string[]): string[] {
  if (!existsSync('/usr/bin/setpriv')) return [...command];
  const ids = user === null ? [] : [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups'];
  return ['/usr/bin/setpriv', ...ids, '--pdeathsig=QUIT', '--', ...command];
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
