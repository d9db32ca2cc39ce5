// Writes V8's code cache for a bundle: node scripts/code-cache.cjs [--all] BUNDLE CACHE
// V8 compiles a function when it is first called, so the cache is taken after the commands whose start must be
// fast have really run, in a home of their own: their functions are then in it too. bin/queuectl.cjs
// wraps the source in the same way; V8 checks the length of the source and would refuse the cache otherwise.
// With --all, for what no build can run, since it needs a server: every function is compiled at once.
'use strict';

const { mkdtempSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { dirname, join, resolve } = require('node:path');
const { setFlagsFromString } = require('node:v8');
const { Script } = require('node:vm');

/** @type {string[][]} */
const commands = [['enqueue', '{"command":"true"}'], ['enqueue', '--', 'true'], ['status'], ['list']];

const words = process.argv.slice(2);
const isAll = words[0] === '--all';
const [bundle = '', cache = ''] = isAll ? words.slice(1) : words;
const file = resolve(bundle);
const source = readFileSync(file, 'latin1');
if (isAll) setFlagsFromString('--no-lazy');
const script = new Script(`(function (exports, require, module, __filename, __dirname) { ${source}\n})`, {
  filename: file,
});
// A cache holds the flags of its making, and V8 refuses it where they are others.
if (isAll) setFlagsFromString('--lazy');
if (isAll) commands.length = 0;

const home = mkdtempSync(join(tmpdir(), 'queuectl-build-'));
for (const name of Object.keys(process.env)) if (name.startsWith('QUEUECTL_')) delete process.env[name];
process.env['QUEUECTL_HOME'] = home;
process.exit = /** @type {typeof process.exit} */ (() => {});

function runNext() {
  const command = commands.shift();
  if (command === undefined) {
    process.removeListener('beforeExit', runNext);
    writeFileSync(cache, script.createCachedData());
    process.exitCode = 0;
    return;
  }
  process.argv = [process.execPath, file, ...command];
  script.runInThisContext()({}, require, { exports: {} }, file, dirname(file));
  setImmediate(() => {}); // Node asks again ("beforeExit") once this command has nothing left to do.
}

process.on('exit', () => rmSync(home, { recursive: true, force: true }));
process.on('beforeExit', runNext);
