// npm test: builds, runs vitest (arguments are passed on: npm test -- test/e2e -t retry), then prints each
// skipped test with its reason, each failed one with its message and, as the last line, "N passed, N failed"
// (", N skipped" when some are). So whoever sees only the end of a log still sees what failed.
import { writeSync } from 'node:fs';
import { relative } from 'node:path';
import { parseCLI, startVitest } from 'vitest/node';
import { build } from './build.mjs';

// Node reads the certificates at each start when this is set, and the tests start many processes.
delete process.env['NODE_EXTRA_CA_CERTS'];

/**
 * @param {string} where
 * @param {readonly { message?: string, stacks?: readonly { file: string, line: number }[] }[]} errors
 */
function failure(where, errors) {
  const lines = errors.flatMap(({ message = '', stacks = [] }) => {
    const at = stacks.map(({ file, line }) => `${relative(process.cwd(), file)}:${line}`).join(' < ');
    return [...message.split('\n').slice(0, 10), at].filter((line) => line !== '');
  });
  return [`FAILED: ${where}`, ...lines.map((line) => `    ${line}`)].join('\n');
}

/**
 * @param {import('vitest/node').Vitest} vitest
 */
function summarize(vitest) {
  const summary = {
    passed: 0,
    failed: 0,
    skipped: 0,
    skips: /** @type {string[]} */ ([]),
    failures: /** @type {string[]} */ ([]),
  };
  const pattern = vitest.config.testNamePattern;
  for (const module of vitest.state.getTestModules()) {
    const path = relative(vitest.config.root, module.moduleId);
    let failed = 0;
    for (const test of module.children.allTests()) {
      const result = test.result();
      if (result.state === 'passed') summary.passed += 1;
      else if (result.state === 'skipped') {
        if (pattern?.test(test.fullName.replaceAll(' > ', ' ')) === false) continue; // left out by -t
        summary.skipped += 1;
        const reason = result.note === undefined ? '' : ` [${result.note}]`;
        summary.skips.push(`skipped: ${path} > ${test.fullName}${reason}`);
      } else {
        failed += 1; // a test that never ended has failed, too
        summary.failures.push(
          failure(`${path} > ${test.fullName}`, result.errors ?? [{ message: 'it did not end' }]),
        );
      }
    }
    // A file that did not load, or a hook that threw, counts once where no test of it failed.
    if (failed === 0 && module.state() === 'failed') failed = 1;
    const suites = [...module.children.allSuites()].map((suite) => ({
      name: ` > ${suite.fullName}`,
      of: suite,
    }));
    for (const { name, of } of [{ name: '', of: module }, ...suites]) {
      if (of.errors().length > 0) summary.failures.push(failure(`${path}${name}`, of.errors()));
    }
    summary.failed += failed;
  }
  const unhandled = /** @type {Error[]} */ (vitest.state.getUnhandledErrors());
  summary.failed += unhandled.length;
  for (const error of unhandled) summary.failures.push(failure('an error that no test caught', [error]));
  return summary;
}

/** @returns {Promise<ReturnType<typeof summarize>>} */
async function run() {
  if (!(await build({ types: false, test: true }))) throw new Error('the build failed');
  const { filter, options } = parseCLI(['vitest', 'run', ...process.argv.slice(2)]);
  const { exclude = [], ...others } = options;
  // As Vitest's own command does: "exclude" would count for the configuration as a whole, not for its projects.
  const cliExclude = [exclude].flat();
  const vitest = await startVitest('test', filter, { ...others, cliExclude, run: true, watch: false });
  const summary = summarize(vitest);
  await vitest.close();
  return summary;
}

/** @type {ReturnType<typeof summarize>} */
let summary;
try {
  summary = await run();
} catch (error) {
  console.error(error instanceof Error ? error.stack : error);
  summary = { passed: 0, failed: 1, skipped: 0, skips: [], failures: [] };
}

const { passed, failed, skipped, skips, failures } = summary;
const counts = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
writeSync(1, `${[...skips, ...failures, counts].join('\n')}\n`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
