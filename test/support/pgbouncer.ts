/** A PgBouncer in transaction mode before a server, for tests of what a queue can do behind one. */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asUser, freePort, query, unprivilegedUser } from './postgres.js';
import { waitUntil } from './processes.js';

export interface Pooler {
  /** The URL that leads through it to the same database. */
  readonly through: (url: string) => string;
  readonly stop: () => Promise<void>;
}

/** Why there is none; undefined: there is one. */
export const noPooler: string | undefined =
  spawnSync('pgbouncer', ['--version']).status === 0 ? undefined : 'no PgBouncer: install it';

/** `poolSize`: how few connections to the server all clients of a database share. */
export async function startPooler(server: string, poolSize: number): Promise<Pooler> {
  const directory = mkdtempSync(join(tmpdir(), 'queuectl-pgbouncer-'));
  const user = unprivilegedUser();
  const port = await freePort();
  const target = new URL(server);
  // "any" takes every user for the one that the entry names: the server's own.
  writeFileSync(
    join(directory, 'pgbouncer.ini'),
    `[databases]
* = host=${target.hostname} port=${target.port} user=${target.username}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = ${poolSize}
max_client_conn = 500
`,
  );
  chmodSync(directory, 0o755);
  if (user !== null) chownSync(directory, user.uid, user.gid);
  const [program = '', ...args] = asUser(user, ['pgbouncer', '-q', join(directory, 'pgbouncer.ini')]);
  const child = spawn(program, args, { stdio: 'ignore', cwd: directory });
  const through = (url: string): string => {
    const there = new URL(url);
    there.port = String(port);
    return there.href;
  };
  await waitUntil(() => isUp(through(server)), { what: 'PgBouncer to answer' });
  return {
    through,
    stop: async () => {
      const ended = new Promise((resolve) => child.once('close', resolve));
      child.kill('SIGKILL');
      await ended;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function isUp(url: string): Promise<boolean> {
  await query(url, 'SELECT 1');
  return true;
}
