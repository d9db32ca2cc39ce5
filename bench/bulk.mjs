// P3: a file of jobs to acknowledged rows. node bench/bulk.mjs [LINES] [ROUNDS] [LINES FOR MEMORY]
// Beside it plainjob, the fastest Node queue on SQLite.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runAlone } from './alone.mjs';
import { environment, inNewDirectory, inNewDirectoryAsync, run } from './child.mjs';
import { inTurn, median, pairwise } from './measure.mjs';
import { findNpmPeer } from './npm-peers.mjs';
import { binary, DURABILITY, queuectl } from './queuectl.mjs';

const LINES = 100_000;
const ROUNDS = 5;
const script = fileURLToPath(new URL('plainjob-bulk.mjs', import.meta.url));

/** @param {string} directory @param {number} lines @param {(line: number) => object} job */
function writeJobs(directory, lines, job) {
  const file = join(directory, `jobs-${lines}.ndjson`);
  let text = '';
  writeFileSync(file, '');
  for (let line = 1; line <= lines; line++) {
    text += `${JSON.stringify(job(line))}\n`;
    if (line % 50_000 !== 0 && line !== lines) continue;
    writeFileSync(file, text, { flag: 'a' });
    text = '';
  }
  return file;
}

/** Throws unless that many are pending: the figure would be void. @param {string} home @param {number} jobs */
function checkStored(home, jobs) {
  const { pending } = JSON.parse(queuectl(home, ['status', '--json']).stdout).jobs;
  if (pending !== jobs) throw new Error(`void: ${pending} of ${jobs} jobs are stored`);
}

/** The most memory that an enqueue of the file takes, in MB. @param {string} file @param {number} jobs */
async function peakMb(file, jobs) {
  return inNewDirectoryAsync(async (home) => {
    const env = { ...environment, QUEUECTL_HOME: home };
    const child = spawn(process.execPath, [binary, 'enqueue', '-f', file], { env, stdio: 'ignore' });
    let peak = 0;
    const look = setInterval(() => {
      try {
        const status = readFileSync(`/proc/${child.pid}/status`, 'latin1');
        peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
      } catch {
        // It has ended.
      }
    }, 10);
    await once(child, 'exit');
    clearInterval(look);
    checkStored(home, jobs);
    return peak;
  });
}

/**
 * @param {number} lines
 * @param {number} rounds
 * @param {number} manyLines
 */
export async function measureBulk(lines = LINES, rounds = ROUNDS, manyLines = 10 * lines) {
  const plainjob = findNpmPeer('plainjob');
  return inNewDirectoryAsync(async (directory) => {
    const file = writeJobs(directory, lines, (line) => ({ command: `echo ${line}` }));
    const named = join(directory, 'named');
    mkdirSync(named);
    const namedFile = writeJobs(named, lines, (line) => ({
      id: `job-${line}`,
      command: `echo ${line}`,
      priority: line % 3,
    }));
    const ours = (/** @type {string} */ jobs) =>
      inNewDirectory((home) => {
        const { ms } = queuectl(home, ['enqueue', '-f', jobs]);
        checkStored(home, lines);
        return ms;
      });
    /** @type {number[]} */
    const addMany = [];
    /** @type {Record<string, () => number>} */
    const sides = {
      ours: () => ours(file),
      named: () => ours(namedFile),
      node: () => run(process.execPath, ['-e', '0']).ms,
    };
    if (plainjob !== null)
      sides['plainjob'] = () =>
        inNewDirectory((home) => {
          const { ms, stdout } = run(process.execPath, [script, plainjob, join(home, 'queue.db'), file]);
          const told = JSON.parse(stdout);
          if (told.jobs !== lines) throw new Error(`void: plainjob has ${told.jobs} of ${lines} jobs`);
          addMany.push(told.addManyMs);
          return ms;
        });
    const times = inTurn(sides, { rounds });
    const rate = (/** @type {readonly number[]} */ ms) => ((lines / median(ms)) * 1000).toFixed(0);
    const mine = times['ours'] ?? [];
    const net = mine.map((ms, round) => ms - (times['node']?.[round] ?? NaN));
    const rows = [
      ['`queuectl enqueue -f FILE`', rate(mine), '1', DURABILITY],
      ['… without the start of Node', rate(net), '', 'the same'],
      ['… each line with an id and a priority', rate(times['named'] ?? []), '', 'the same'],
    ];
    let beside = '';
    if (plainjob !== null) {
      const whole = pairwise(times['plainjob'] ?? [], mine, (a, b) => a / b);
      const alone = pairwise(addMany, net, (a, b) => a / b);
      const durability = 'synchronous = NORMAL: page cache; jobs not checked';
      rows.push(
        [
          'plainjob, the same file, 1,000 an addMany',
          rate(times['plainjob'] ?? []),
          `${whole.median.toFixed(2)} (${whole.range})`,
          durability,
        ],
        [
          'plainjob, its addMany alone',
          rate(addMany),
          `${alone.median.toFixed(2)} (${alone.range})`,
          durability,
        ],
      );
      beside = `, ${whole.median.toFixed(2)} times plainjob, ${alone.median.toFixed(2)} times its addMany alone`;
    }
    const few = await peakMb(file, lines);
    const many = await peakMb(
      writeJobs(directory, manyLines, (line) => ({ command: `echo ${line}` })),
      manyLines,
    );
    const memory = `${few.toFixed(0)} MB at ${lines} lines, ${many.toFixed(0)} MB at ${manyLines}`;
    return {
      title: `P3, ${lines} jobs from a file, median of ${rounds} rounds; the most memory: ${memory}`,
      head: ['', 'jobs/s', 'queuectl is … times as fast', 'durability'],
      rows,
      summary: `P3 bulk: ${rate(net)} jobs/s${beside}; ${memory}`,
    };
  });
}

await runAlone(import.meta.url, measureBulk);
