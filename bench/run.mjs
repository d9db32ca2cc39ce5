// npm run bench: every benchmark, as one Markdown text. --write puts it into the README, between its markers.
import { readFileSync, writeFileSync } from 'node:fs';
import { machine } from './measure.mjs';
import { measureBigOutput } from './big-output.mjs';
import { measureBulk } from './bulk.mjs';
import { measureCore } from './core.mjs';
import { measureDrain } from './drain.mjs';
import { measureEventLoop } from './event-loop.mjs';
import { measureIdle } from './idle.mjs';
import { measurePickup } from './pickup.mjs';
import { measureMillion } from './million.mjs';
import { measurePostgres } from './postgres.mjs';
import { requireBuild, sqliteVersion } from './queuectl.mjs';
import { measureScale } from './scale.mjs';
import { measureStartup } from './startup.mjs';
import { measureWorkers } from './workers.mjs';
import { formatTable } from './table.mjs';

const README = new URL('../README.md', import.meta.url);
const MARKERS = /(?<=<!-- bench:start -->\n).*?(?=<!-- bench:end -->)/s;

requireBuild();
const results = [
  measureDrain(),
  measureCore(),
  await measureBulk(),
  await measurePickup(),
  measureStartup(),
  await measureIdle(),
  await measureBigOutput(),
  await measureEventLoop(),
  await measureWorkers(),
  await measureScale(),
  await measureMillion(),
  ...(await measurePostgres()),
];
const where = `${machine()}, SQLite ${sqliteVersion()}, ${new Date().toISOString().slice(0, 10)}.`;
const tables = results.map(({ title, head, rows }) => `${title}:\n\n${formatTable(head, rows)}`);
const text = [`${where} Repeat it with \`npm run bench\`.`, ...tables].join('\n\n');
const summaries = results.map(({ summary }) => summary).join('\n');

console.log(`${text}\n`);
if (process.argv.includes('--write')) write();
console.log(summaries);

function write() {
  const readme = readIfThere();
  if (!MARKERS.test(readme)) {
    console.log('not written: no README.md with <!-- bench:start --> and <!-- bench:end -->\n');
    return;
  }
  writeFileSync(
    README,
    readme.replace(MARKERS, () => `\n${text}\n\n`),
  );
}

function readIfThere() {
  try {
    return readFileSync(README, 'utf8');
  } catch {
    return '';
  }
}
