// Queues of other authors for Node: each installed into a folder of its own below the temporary directory.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** liteque hands its driver asynchronous transactions, which later ones refuse. */
const PEERS = {
  plainjob: ['plainjob@0.0.14', 'better-sqlite3@12.11.1'],
  liteque: ['liteque@0.8.0', 'better-sqlite3@11.3.0'],
  'graphile-worker': ['graphile-worker@0.17.3', 'pg@8.23.1'],
  // The last line that runs on Node 20.
  'pg-boss': ['pg-boss@10.4.2', 'pg@8.23.1'],
};
/** The driver is compiled where there is no binary of it: minutes. */
const TIMEOUT_MS = 600_000;

/** The folder that holds the peer; null, and a reason printed, where it cannot be had. @param {keyof typeof PEERS} peer */
export function findNpmPeer(peer) {
  const folder = join(tmpdir(), `queuectl-bench-${peer}`);
  if (existsSync(join(folder, 'node_modules', peer))) return folder;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const words = ['install', '--no-audit', '--no-fund', ...PEERS[peer]];
  const { status, stderr } = spawnSync('npm', words, { cwd: folder, encoding: 'utf8', timeout: TIMEOUT_MS });
  if (status === 0) return folder;
  console.log(`skipped: ${peer} [npm install failed: ${stderr.trim().split('\n')[0]}]`);
  return null;
}
