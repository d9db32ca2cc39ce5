/** A second server that follows a first one, and takes its place when it is told to. */
import { execFileSync, spawn } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asUser, freePort, query, serverProgram, unprivilegedUser } from './postgres.js';
import { waitUntil } from './processes.js';

export interface Standby {
  /** The URL of the same database there. */
  readonly at: (url: string) => string;
  /** It has all that the first server has written until now. */
  readonly untilLevel: () => Promise<void>;
  /** From now on it receives nothing, and nobody waits for it. */
  readonly cutOff: () => Promise<void>;
  readonly promote: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

export async function startStandby(primaryUrl: string): Promise<Standby> {
  const { port: primaryPort, hostname } = new URL(primaryUrl);
  const directory = mkdtempSync(join(tmpdir(), 'queuectl-standby-'));
  const user = unprivilegedUser();
  if (user !== null) chownSync(directory, user.uid, user.gid);
  const data = join(directory, 'data');
  const [program = '', ...args] = asUser(user, [
    serverProgram('pg_basebackup'),
    `--pgdata=${data}`,
    `--host=${hostname}`,
    `--port=${primaryPort}`,
    '--username=postgres',
    '--checkpoint=fast',
    '--write-recovery-conf',
    '--no-sync',
  ]);
  execFileSync(program, args, { stdio: 'pipe', cwd: directory });
  const port = await freePort();
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: directory,
    max_connections: 200,
    shared_buffers: '64MB',
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const [postgres = '', ...words] = asUser(user, [serverProgram('postgres'), '-D', data, ...flags]);
  const child = spawn(postgres, words, { stdio: 'ignore', cwd: directory });
  const at = (url: string): string => {
    const moved = new URL(url);
    moved.port = String(port);
    return moved.href;
  };
  const url = at(primaryUrl);
  const isTrue = async (sql: string): Promise<boolean> =>
    (await query(url, `SELECT ${sql} AS is`))[0]?.['is'] === true;
  await waitUntil(() => isTrue('pg_is_in_recovery()').catch(() => false), { what: 'the standby to answer' });
  return {
    at,
    untilLevel: async () => {
      const [row] = await query(primaryUrl, 'SELECT pg_current_wal_lsn()::text AS lsn');
      const lsn = String(row?.['lsn']);
      await waitUntil(() => isTrue(`pg_last_wal_replay_lsn() >= '${lsn}'`), {
        what: 'the standby to catch up',
      });
    },
    cutOff: async () => {
      await query(url, `ALTER SYSTEM SET primary_conninfo = ''`);
      await query(url, 'SELECT pg_reload_conf()');
      await waitUntil(() => isTrue('NOT EXISTS (SELECT 1 FROM pg_stat_wal_receiver)'), {
        what: 'it to be cut off',
      });
    },
    promote: async () => {
      await query(url, 'SELECT pg_promote(true, 60)');
    },
    stop: async () => {
      const ended = new Promise((resolve) => child.once('close', resolve));
      child.kill('SIGQUIT');
      await ended;
      rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
    },
  };
}
