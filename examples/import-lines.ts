/** Puts a file of addresses into the queue, a job a line, in flat memory; to be run again after a crash: each line once. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { openQueue, QueueError } from 'queuectl';

interface Jobs {
  mail: { payload: { to: string } };
}

const [file = '', home] = process.argv.slice(2);
const queue = await openQueue<Jobs>(home);

async function* jobs() {
  let line = 0;
  for await (const to of createInterface({ input: createReadStream(file) })) {
    line += 1;
    yield { id: `line-${line}`, handler: 'mail', payload: { to } } as const;
  }
}

let stored = 0;
let known = 0;
try {
  for await (const results of queue.enqueueStream(jobs(), { onConflict: 'ignore' }))
    for (const { outcome } of results) {
      if (outcome === 'inserted') stored += 1;
      else known += 1;
    }
  console.log(`${stored} stored, ${known} known`);
} catch (error) {
  if (!(error instanceof QueueError)) throw error;
  console.error(`${error.message} (${stored} stored)`);
  process.exitCode = 1;
}
await queue.close();
