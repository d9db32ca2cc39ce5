// A PostgreSQL server for benchmarks: one of its own in a temporary directory, with fsync, or the one that a URL names.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './child.mjs';

const pg = createRequire(import.meta.url)('pg');

/** What a server of this size is usually given; all sides run on it. */
const SETTINGS = {
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  shared_buffers: '256MB',
  max_wal_size: '4GB',
  max_connections: '100',
};

/**
 * @typedef {object} Server
 * @property {string} version
 * @property {() => Promise<string>} createDatabase the URL of a new one
 * @property {(url: string) => Promise<void>} dropDatabase
 * @property {() => Promise<void>} stop
 */

/** Null, and a reason printed, where there is no PostgreSQL. @param {string} [url] @returns {Promise<Server | null>} */
export async function startServer(url) {
  if (url !== undefined) return serverAt(url, async () => undefined);
  const bin = findBinaries();
  if (bin !== null) return startCluster(bin);
  console.log('skipped: PostgreSQL [no initdb; give the URL of a server]');
  return null;
}

/** @param {string} bin */
async function startCluster(bin) {
  const directory = mkdtempSync(join(tmpdir(), 'queuectl-bench-postgres-'));
  const user = unprivilegedUser();
  if (user !== null) chownSync(directory, user.uid, user.gid);
  const data = join(directory, 'data');
  const as = asUser(user);
  const initArgs = ['-D', data, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--locale=C.UTF-8'];
  const [initdb = '', ...args] = [...as, join(bin, 'initdb'), ...initArgs];
  run(initdb, args);
  const port = await freePort();
  const settings = { port, listen_addresses: '127.0.0.1', unix_socket_directories: directory, ...SETTINGS };
  const words = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const [program = '', ...rest] = [...as, join(bin, 'postgres'), '-D', data, ...words];
  const child = spawn(program, rest, { stdio: 'ignore', cwd: directory });
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  while (!(await answers(url))) {
    if (child.exitCode !== null) throw new Error(`PostgreSQL ended with ${child.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return serverAt(url, async () => {
    const ended = once(child, 'close');
    child.kill('SIGINT');
    await ended;
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  });
}

let databases = 0;

/** @param {string} url @param {() => Promise<void>} stop @returns {Promise<Server>} */
async function serverAt(url, stop) {
  const [row] = await query(url, 'SHOW server_version');
  return {
    version: String(row?.['server_version']),
    createDatabase: async () => {
      const name = `queuectl_bench_${process.pid}_${(databases += 1)}`;
      await query(url, `CREATE DATABASE ${name}`);
      const database = new URL(url);
      database.pathname = `/${name}`;
      return database.href;
    },
    dropDatabase: async (database) => {
      await query(url, `DROP DATABASE ${new URL(database).pathname.slice(1)} WITH (FORCE)`);
    },
    stop,
  };
}

/** Lends a new database to the work and drops it. @template T @param {Server} server @param {(url: string) => Promise<T>} work */
export async function inNewDatabase(server, work) {
  const url = await server.createDatabase();
  try {
    return await work(url);
  } finally {
    await server.dropDatabase(url);
  }
}

/** One statement, over a connection of its own. @param {string} url @param {string} sql @returns {Promise<Record<string, unknown>[]>} */
export async function query(url, sql) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

/** @param {string} url */
async function answers(url) {
  try {
    await query(url, 'SELECT 1');
    return true;
  } catch {
    return false;
  }
}

/** Debian keeps the programs of a server out of the PATH, by version: the newest is taken. */
function findBinaries() {
  const versions = existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql') : [];
  const newest = versions.toSorted((a, b) => Number(b) - Number(a));
  const folders = newest.map((version) => `/usr/lib/postgresql/${version}/bin`);
  const all = [...folders, ...(process.env['PATH'] ?? '').split(':')];
  return all.find((folder) => existsSync(join(folder, 'initdb'))) ?? null;
}

/** PostgreSQL does not run as root. */
function unprivilegedUser() {
  if (process.getuid?.() !== 0) return null;
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  const users = lines.map((line) => line.split(':'));
  const found = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody');
  if (found === undefined) throw new Error('there is no user to run PostgreSQL as');
  return { uid: Number(found[2]), gid: Number(found[3]) };
}

/** The server ends with this process, should it be killed before it can see to it. @param {ReturnType<typeof unprivilegedUser>} user */
function asUser(user) {
  if (!existsSync('/usr/bin/setpriv')) return [];
  const ids = user === null ? [] : [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups'];
  return ['/usr/bin/setpriv', ...ids, '--pdeathsig=QUIT', '--'];
}

/** @returns {Promise<number>} */
async function freePort() {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
