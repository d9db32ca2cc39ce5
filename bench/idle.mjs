// P7, idle: what a worker costs that has nothing to do. node bench/idle.mjs [SECONDS]
// Wake-ups are the main thread's voluntary context switches, as Linux counts them.
import { readFileSync } from 'node:fs';
import { runAlone } from './alone.mjs';
import { inNewDirectoryAsync } from './child.mjs';
import { DURABILITY, startWorker } from './queuectl.mjs';

const SECONDS = 30;
/** Linux counts CPU time in hundredths of a second. */
const TICK_MS = 10;

/** @param {number} pid */
function usage(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const number = (/** @type {string} */ name) =>
    Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(status)?.[1]);
  return {
    cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS,
    wakeUps: number('voluntary_ctxt_switches'),
    rssMb: number('VmRSS') / 1024,
  };
}

/** @param {number} ms */
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export async function measureIdle(seconds = SECONDS) {
  const [before, after] = await inNewDirectoryAsync(async (home) => {
    const worker = await startWorker(home);
    await wait(3000); // what belongs to the start is over
    const first = usage(worker.pid);
    await wait(seconds * 1000);
    const last = usage(worker.pid);
    await worker.stop();
    return [first, last];
  });
  const wakeUps = ((after.wakeUps - before.wakeUps) / seconds).toFixed(1);
  const cpu = ((after.cpuMs - before.cpuMs) / seconds / 10).toFixed(2);
  return {
    title: `P7, an idle worker over ${seconds} s`,
    head: ['wake-ups a second', 'CPU %', 'memory MB', 'durability'],
    rows: [[wakeUps, cpu, after.rssMb.toFixed(0), DURABILITY]],
    summary: `P7 idle: ${wakeUps} wake-ups a second, ${cpu} % CPU, ${after.rssMb.toFixed(0)} MB`,
  };
}

await runAlone(import.meta.url, measureIdle);
