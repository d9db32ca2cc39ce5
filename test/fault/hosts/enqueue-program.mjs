// A program that enqueues by the API; it takes the words of the command line: enqueue -q JSON. Its exit codes and its
// output are the command's, so that the history knows no difference.
const { openQueue, QueueError } = await import(new URL('../../../dist/index.js', import.meta.url).href);

const words = process.argv.slice(2);
try {
  const queue = await openQueue();
  try {
    const job = await queue.enqueue(JSON.parse(words.at(-1) ?? ''));
    process.stdout.write(`${job.id}\n`);
  } finally {
    await queue.close();
  }
} catch (thrown) {
  if (!(thrown instanceof QueueError)) throw thrown;
  const { code, message } = /** @type {any} */ (thrown);
  process.stderr.write(`error: ${message}\n`);
  process.exitCode = code === 'unavailable' ? 5 : code === 'conflict' ? 4 : 1;
}
