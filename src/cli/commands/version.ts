import { launcherName } from '../../launcher/open-launcher.js';
import { openDatabase } from '../../store/sqlite/driver.js';
import type { Command } from '../command.js';
import { VERSION } from '../versions.js';

export const version: Command = {
  usage: '[options]',
  examples: [{ command: 'queuectl version --json', does: 'for a report of a mistake' }],
  fields: () => ['version', 'node', 'sqlite', 'launcher'],
  run: async ({ output }) => {
    if (output.quiet && !output.json) return output.line(VERSION);
    const versions = {
      version: VERSION,
      node: process.versions.node,
      sqlite: sqliteVersion(),
      launcher: launcherName(),
    };
    if (output.json) return output.object(versions);
    output.line(`queuectl ${versions.version}`);
    for (const part of ['node', 'sqlite', 'launcher'] as const) output.line(`${part} ${versions[part]}`);
  },
};

/** Of the SQLite that the driver carries; no database is opened. */
function sqliteVersion(): string {
  const database = openDatabase(':memory:', 0);
  const row = database.prepare('SELECT sqlite_version() AS version').get();
  database.close();
  return String(row?.['version']);
}
