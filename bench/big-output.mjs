// P7, output: how much memory a job that prints gigabytes costs the worker and its launcher.
// node bench/big-output.mjs [GIGABYTES]
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runAlone } from './alone.mjs';
import { inNewDirectoryAsync } from './child.mjs';
import { startWorker } from './queuectl.mjs';

const GIGABYTES = 5;

/** What a process holds in memory now, in MB; 0 where it is gone. @param {number} pid */
function residentMb(pid) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    return Number(/^VmRSS:\s*(\d+)/m.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** The pid of the worker's launcher. @param {number} worker */
function launcherOf(worker) {
  const isLauncher = (/** @type {string} */ pid) => {
    try {
      const stat = readFileSync(join('/proc', pid, 'stat'), 'latin1');
      return (
        stat.includes('(launcher)') && stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] === `${worker}`
      );
    } catch {
      return false;
    }
  };
  return Number(readdirSync('/proc').find((name) => /^\d+$/.test(name) && isLauncher(name)) ?? 0);
}

export async function measureBigOutput(gigabytes = GIGABYTES) {
  const { openQueue } = await import(new URL('../dist/index.js', import.meta.url).href);
  const figures = await inNewDirectoryAsync(async (home) => {
    const worker = await startWorker(home);
    const queue = await openQueue(home);
    const pids = [worker.pid, launcherOf(worker.pid)];
    const printAndWait = async (/** @type {string} */ command) => {
      const highest = pids.map(residentMb);
      const start = performance.now();
      const { id } = await queue.enqueue({ command });
      let job;
      do {
        await new Promise((resolve) => setTimeout(resolve, 20));
        job = await queue.get(id);
        for (const [index, pid] of pids.entries())
          highest[index] = Math.max(highest[index] ?? 0, residentMb(pid));
      } while (job.state !== 'completed');
      const [run] = await queue.runs(job);
      return { highest, seconds: (performance.now() - start) / 1000, bytes: Number(run.outputBytes) };
    };
    // The same with little output, so that what any job costs the first time is not counted.
    const little = await printAndWait('head -c 1M /dev/zero');
    const much = await printAndWait(`head -c ${gigabytes}G /dev/zero`);
    await queue.close();
    await worker.stop();
    return { little, much };
  });
  const { little, much } = figures;
  if (much.bytes !== gigabytes * 1024 ** 3) throw new Error(`void: ${much.bytes} bytes were printed`);
  const moved = much.highest.map((mb, index) => mb - (little.highest[index] ?? 0));
  const row = (/** @type {string} */ name, /** @type {number} */ index) => [
    name,
    (little.highest[index] ?? 0).toFixed(1),
    (much.highest[index] ?? 0).toFixed(1),
    (moved[index] ?? 0).toFixed(1),
  ];
  return {
    title: `P7, a job that prints ${gigabytes} GB, in ${much.seconds.toFixed(1)} s; its log is capped`,
    head: ['highest memory, MB', 'at 1 MB of output', `at ${gigabytes} GB`, 'moved by'],
    rows: [row('worker', 0), row('launcher', 1)],
    summary: `P7 output: ${gigabytes} GB move the worker by ${(moved[0] ?? 0).toFixed(1)} MB, its launcher by ${(moved[1] ?? 0).toFixed(1)} MB`,
  };
}

await runAlone(import.meta.url, measureBigOutput);
