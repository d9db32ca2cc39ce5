// Builds everything that is shipped: node scripts/build.mjs [--no-types] [--test]
//
//   dist/cli.cjs     the command line, one minified bundle; bin/queuectl.cjs starts it
//   dist/hot.cjs     the same with those commands alone that must start fast
//   dist/*.cache     V8's compiled code for each
//   dist/postgres.cjs    the PostgreSQL store and its driver, read by those whose queue is on a server
//   dist/beats.cjs   the thread of a worker that says to the server that it lives
//   dist/index.js, dist/index.cjs, dist/types/    the API and its types (--no-types leaves the types out)
//   dist-test/bin/queuectl.cjs, dist-test/dist/    with --test: the same, with the fail points switched on
import { execFile } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules, createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as esbuild from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url)).replace(/[\\/]$/, '');
const require = createRequire(import.meta.url);
const { version } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));

/** Modules that Node itself loads at its start: to load them again costs nothing. */
const loadedByNode = new Set([
  'async_hooks',
  'buffer',
  'events',
  'fs',
  'path',
  'process',
  'timers',
  'url',
  'util',
]);

/**
 * Puts off the loading of Node's other modules until one of their exports is first used. Node takes 4 ms to
 * load child_process or crypto, and commander, for one, imports child_process without using it.
 * Modules that are themselves a function (assert, stream) cannot be put off and stay as they are.
 *
 * @type {esbuild.Plugin}
 */
const lazyBuiltins = {
  name: 'lazy-builtins',
  setup(build) {
    build.onResolve({ filter: /^(node:)?[a-z0-9_]+(\/[a-z]+)?$/ }, ({ path, namespace, kind }) => {
      const name = path.replace(/^node:/, '');
      if (!builtinModules.includes(name)) return undefined;
      const lazy = namespace !== 'lazy-builtin' && !loadedByNode.has(name) && kind !== 'dynamic-import';
      if (!lazy || typeof require(name) === 'function') return { path: `node:${name}`, external: true };
      return { path: name, namespace: 'lazy-builtin' };
    });
    build.onLoad({ filter: /.*/, namespace: 'lazy-builtin' }, ({ path }) => ({
      contents: `
        let loaded;
        for (const name of ${JSON.stringify(Object.keys(require(path)))}) {
          const get = () => (loaded ??= require('node:${path}'))[name];
          Object.defineProperty(exports, name, { enumerable: true, get });
        }`,
    }));
  },
};

/**
 * Takes the SQLite driver into the bundle. Its ESM file needs import.meta.url, which a CJS bundle lacks,
 * so the CJS one is taken; the addon itself stays in the package and is found by scripts/native-loader.cjs.
 *
 * @type {esbuild.Plugin}
 */
const bundledDriver = {
  name: 'bundled-driver',
  setup(build) {
    build.onResolve({ filter: /^@photostructure\/sqlite$/ }, () => ({
      path: require.resolve('@photostructure/sqlite'),
    }));
    build.onResolve({ filter: /^@photostructure\/sqlite\/package\.json$/ }, ({ path }) => ({
      path,
      external: true,
    }));
    build.onResolve({ filter: /^node-gyp-build$/ }, ({ kind }) =>
      kind === 'require-resolve' ? { external: true } : { path: `${root}/scripts/native-loader.cjs` },
    );
  },
};

/**
 * Leaves the PostgreSQL store and its driver out: they are a file of their own, which only those read whose queue is on a
 * server. In the bundle they cost every other command 3 ms.
 *
 * @param {string} path
 * @returns {esbuild.Plugin}
 */
const storeBeside = (path) => ({
  name: 'store-beside',
  setup: (build) => build.onResolve({ filter: /\/postgres\/open\.js$/ }, () => ({ path, external: true })),
});

/**
 * To find out whether it runs on Cloudflare, the driver builds a Response, for which Node 20 loads all that fetch needs:
 * 40 ms.
 *
 * @type {esbuild.Plugin}
 */
const nodeStreams = {
  name: 'node-streams',
  setup: (build) =>
    build.onLoad({ filter: /[\\/]pg[\\/]lib[\\/]stream\.js$/ }, () => ({
      contents: `
        exports.getStream = () => new (require('net').Socket)();
        exports.getSecureStream = (options) => require('tls').connect(options);`,
    })),
};

/** @type {esbuild.BuildOptions} */
const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  legalComments: 'none',
  logLevel: 'warning',
  define: { __FAILPOINTS__: 'false', __VERSION__: JSON.stringify(version) },
};

/** @type {esbuild.BuildOptions} */
const cli = {
  ...common,
  format: 'cjs',
  define: { ...common.define, 'import.meta.dirname': '__dirname' },
  charset: 'ascii',
  // import() becomes a lazily evaluated part of the bundle, or require() for what lies outside of it.
  supported: { 'dynamic-import': false },
  // Beside the bundle, as seen from bin/queuectl.cjs, which runs it.
  plugins: [lazyBuiltins, bundledDriver, storeBeside('../dist/postgres.cjs')],
  minify: true,
  // Node prints the line of an uncaught error: not the whole bundle, please.
  lineLimit: 400,
};

/** @type {esbuild.BuildOptions} */
const api = {
  ...common,
  entryPoints: ['src/index.ts'],
  external: ['@photostructure/sqlite'],
  plugins: [storeBeside('./postgres.cjs')],
};

/** @type {esbuild.BuildOptions} */
const postgres = {
  ...common,
  entryPoints: ['src/store/postgres/open.ts'],
  external: ['pg-native', 'pg-cloudflare'],
  format: 'cjs',
  define: { ...common.define, 'import.meta.dirname': '__dirname' },
  charset: 'ascii',
  supported: { 'dynamic-import': false },
  minify: true,
  plugins: [lazyBuiltins, nodeStreams],
};

/** @type {esbuild.BuildOptions} */
const beats = { ...postgres, entryPoints: ['src/store/postgres/beat-thread.ts'] };

/**
 * Runs a script of Node, silently; where it fails, the error holds what it printed.
 *
 * @param {string[]} args
 */
async function node(...args) {
  try {
    await promisify(execFile)(process.execPath, args, { cwd: root, timeout: 60_000 });
  } catch (error) {
    const { stdout, stderr } = /** @type {{ stdout: string, stderr: string }} */ (error);
    throw new Error(`node ${args.join(' ')} failed\n${stdout}${stderr}`.trimEnd(), { cause: error });
  }
}

async function buildTypes() {
  for (const folder of ['types', 'types-cjs'])
    rmSync(`${root}/dist/${folder}`, { recursive: true, force: true });
  await node(require.resolve('typescript/bin/tsc'), '-p', 'tsconfig.build.json');
  // The same declarations once more for require(): TypeScript reads off the nearest package.json what they describe.
  cpSync(`${root}/dist/types`, `${root}/dist/types-cjs`, { recursive: true });
  writeFileSync(`${root}/dist/types-cjs/package.json`, '{ "type": "commonjs" }\n');
}

/**
 * The command line in its two bundles and their caches, in a folder beside which bin/queuectl.cjs lies.
 *
 * @param {string} folder
 * @param {esbuild.BuildOptions} [changes]
 */
async function buildCli(folder, changes) {
  mkdirSync(`${root}/${folder}`, { recursive: true });
  await esbuild.build({ ...postgres, ...changes, outfile: `${folder}/postgres.cjs` });
  await node('scripts/code-cache.cjs', '--all', `${folder}/postgres.cjs`, `${folder}/postgres.cache`);
  await esbuild.build({ ...beats, ...changes, outfile: `${folder}/beats.cjs` });
  for (const [name, entry] of [
    ['cli', 'start'],
    ['hot', 'start-hot'],
  ]) {
    const [bundle, cache] = [`${folder}/${name}.cjs`, `${folder}/${name}.cache`];
    rmSync(`${root}/${cache}`, { force: true }); // it must not meet a new bundle of the same length
    await esbuild.build({ ...cli, ...changes, entryPoints: [`src/cli/${entry}.ts`], outfile: bundle });
    await node('scripts/code-cache.cjs', bundle, cache);
  }
}

/** The fault suite starts thousands of these, so they start as fast as what is shipped. */
async function buildTestCli() {
  mkdirSync(`${root}/dist-test/bin`, { recursive: true });
  copyFileSync(`${root}/bin/queuectl.cjs`, `${root}/dist-test/bin/queuectl.cjs`);
  await buildCli('dist-test/dist', { define: { ...cli.define, __FAILPOINTS__: 'true' }, minify: false });
}

/** @param {{ types: boolean, test: boolean }} options */
async function buildAll({ types, test }) {
  /** @type {Promise<unknown>[]} */
  const steps = [
    buildCli('dist'),
    esbuild.build({ ...api, format: 'esm', outfile: 'dist/index.js' }),
    esbuild.build({ ...api, define: { ...cli.define }, format: 'cjs', outfile: 'dist/index.cjs' }),
    node('scripts/build-native.mjs'),
  ];
  if (types) steps.push(buildTypes());
  if (test) steps.push(buildTestCli());
  await Promise.all(steps);
}

/**
 * Builds, and resolves to whether that worked; what went wrong is printed.
 *
 * @param {{ types?: boolean, test?: boolean }} [options]
 */
export async function build({ types = true, test = false } = {}) {
  try {
    await buildAll({ types, test });
    return true;
  } catch (error) {
    // esbuild prints what is wrong with the source itself.
    if (!(error instanceof Error && 'errors' in error))
      console.error(error instanceof Error ? error.message : error);
    return false;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const flags = process.argv.slice(2);
  const built = await build({ types: !flags.includes('--no-types'), test: flags.includes('--test') });
  if (!built) process.exitCode = 1;
}
