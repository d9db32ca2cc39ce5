/**
 * A PostgreSQL server for tests: one that `QUEUECTL_TEST_DATABASE_URL` names, whose role may create databases, or
 * a cluster of its own in a temporary directory. Where there is neither, tests are skipped and say why.
 */
import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import {
  appendFileSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
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
  /** Of its superuser. */
  readonly url: string;
  /** Ends the server at once, without a checkpoint, and starts it again. Only of a cluster of ours. */
  readonly restart: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

const GIVEN_URL = process.env['QUEUECTL_TEST_DATABASE_URL'];

/** Debian keeps the programs of a server out of the PATH, by version: the newest is taken, unless others are named. */
function findBinaries(): string | null {
  const given = process.env['QUEUECTL_TEST_POSTGRES_BIN'];
  if (given !== undefined) return given;
  const versions = existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql') : [];
  const directories = [
    ...versions
      .toSorted((a, b) => Number(b) - Number(a))
      .map((version) => `/usr/lib/postgresql/${version}/bin`),
    ...(process.env['PATH'] ?? '').split(':'),
  ];
  return directories.find((directory) => existsSync(join(directory, 'initdb'))) ?? null;
}

/** One of the programs that come with the server. */
export function serverProgram(name: string): string {
  return join(findBinaries() ?? '', name);
}

/** Why there is no server; undefined: there is one. */
export const noPostgres: string | undefined =
  GIVEN_URL !== undefined || findBinaries() !== null
    ? undefined
    : 'no PostgreSQL: install it, or set QUEUECTL_TEST_DATABASE_URL';

/** For titles: why their tests are skipped, where they are. */
export const whySkipped = noPostgres === undefined ? '' : ` [${noPostgres}]`;

export interface ServerOptions {
  /** With fsync, for tests of what reaches the disk. */
  readonly durable?: boolean;
  /** Of postgresql.conf. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** Files for its directory, which settings name: what it reads alone. */
  readonly files?: Readonly<Record<string, string>>;
  /** A network of its own; the URLs of its databases lead to its socket, from anywhere on this machine. */
  readonly place?: ServerPlace;
}

interface ServerPlace {
  /** What a command begins with that is to run there. */
  readonly enter: readonly string[];
  /** Who may come over that network: `10.77.0.0/16`. */
  readonly range: string;
}

/** Why none can be started in a place; undefined: it can. */
export const noServerOfOurs: string | undefined =
  findBinaries() === null ? 'no PostgreSQL is installed' : undefined;

/** Of a run with a server of its own choice: whose settings are not ours to make. */
export const isGivenServer = GIVEN_URL !== undefined;

export async function startServer({
  durable = false,
  settings: more = {},
  files = {},
  place,
}: ServerOptions = {}): Promise<TestServer> {
  if (GIVEN_URL !== undefined && place === undefined)
    return serverAt(GIVEN_URL, { restart: refuse, stop: async () => undefined });
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
  for (const [name, text] of Object.entries(files)) {
    const path = join(data, name);
    writeFileSync(path, text, { mode: 0o600 });
    if (user !== null) chownSync(path, user.uid, user.gid);
  }
  const port = await freePort();
  if (place !== undefined) appendFileSync(join(data, 'pg_hba.conf'), `host all all ${place.range} trust\n`);
  const settings = {
    port,
    listen_addresses: place === undefined ? '127.0.0.1' : '0.0.0.0',
    unix_socket_directories: directory,
    fsync: durable ? 'on' : 'off',
    max_connections: 200,
    shared_buffers: '64MB',
    ...more,
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const [program = '', ...rest] = [
    ...(place?.enter ?? []),
    ...asUser(user, [join(bin, 'postgres'), '-D', data, ...args]),
  ];
  const socket = place === undefined ? '' : `?host=${directory}`;
  const url = `postgres://postgres@127.0.0.1:${port}/postgres${socket}`;
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
    url,
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
  // A server that ends meanwhile must not end this process, too: the statement meets the trouble, and reports it.
  client.on('error', () => undefined);
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
export function unprivilegedUser(): {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
} | null {
  if (process.getuid?.() !== 0) return null;
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const found = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody');
  if (found === undefined) throw new Error('there is no user to run PostgreSQL as');
  return { name: found[0] ?? '', uid: Number(found[2]), gid: Number(found[3]) };
}

/** Ended with this process, should it be killed before it can do so. */
export function asUser(user: ReturnType<typeof unprivilegedUser>, command: readonly string[]): string[] {
  if (!existsSync('/usr/bin/setpriv')) return [...command];
  const ids = user === null ? [] : [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups'];
  return ['/usr/bin/setpriv', ...ids, '--pdeathsig=QUIT', '--', ...command];
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
