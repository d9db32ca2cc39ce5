// Compiles the launcher: node scripts/build-native.mjs [--static] [--sanitize]
//
//   dist/native/launcher                without a flag, only where a source is newer
//   prebuilt/linux-<arch>/launcher      with --static: for the package, runs on any Linux
//   dist/native/launcher-sanitized      with --sanitize: for tests, stops at every misuse of memory
//
// Where it cannot be built (no compiler, not Linux) it says so in a line and exits with 0: Node starts the jobs then.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
const compiler = process.env['CC'] ?? 'cc';
const warnings = ['-std=c11', '-Wall', '-Wextra', '-Werror'];

/** @param {string[]} flags */
function plan(flags) {
  if (flags.includes('--sanitize')) {
    const options = [
      '-O1',
      '-g',
      '-fno-omit-frame-pointer',
      '-fsanitize=address,undefined',
      '-fno-sanitize-recover',
    ];
    return { target: 'dist/native/launcher-sanitized', options };
  }
  if (flags.includes('--static'))
    return { target: `prebuilt/linux-${process.arch}/launcher`, options: ['-O2', '-static', '-s'] };
  return { target: 'dist/native/launcher', options: ['-O2'] };
}

/** @param {string} file */
function changedAt(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** @param {string[]} flags */
function build(flags) {
  if (process.platform !== 'linux') return 'the native launcher is for Linux only';
  const { target, options } = plan(flags);
  const file = `${root}/${target}`;
  const sources = readdirSync(`${root}/native`).map((name) => `${root}/native/${name}`);
  if (sources.every((source) => changedAt(source) < changedAt(file))) return null;
  mkdirSync(dirname(file), { recursive: true });
  // Put in place at once and whole: another build, or a start, may be under way.
  const unfinished = `${file}.${process.pid}`;
  const inputs = sources.filter((source) => source.endsWith('.c'));
  const { status, error, stderr } = spawnSync(
    compiler,
    [...warnings, ...options, '-o', unfinished, ...inputs],
    {
      encoding: 'utf8',
    },
  );
  if (error !== undefined) return `the native launcher was not built: ${compiler} could not be run`;
  if (status !== 0) {
    rmSync(unfinished, { force: true });
    throw new Error(`${relative(root, file)} was not built\n${stderr}`);
  }
  renameSync(unfinished, file);
  return null;
}

try {
  const note = build(process.argv.slice(2));
  if (note !== null) console.log(note);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
