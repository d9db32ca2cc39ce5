// graphile-worker's side of postgres-pickup.mjs; see pickup-queuectl.mjs. node pickup-graphile-worker.mjs FOLDER URL
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [folder = '', url = ''] = process.argv.slice(2);
const { Logger, run } = createRequire(join(folder, 'package.json'))('graphile-worker');

const taskList = {
  tell: async () => {
    process.stdout.write(`${performance.timeOrigin + performance.now()}\n`);
  },
};
const logger = new Logger(() => () => undefined);
const preset = { worker: { connectionString: url, concurrentJobs: 1, logger } };
const runner = await run({ preset, taskList, noHandleSignals: true });
process.stdin.on('end', () => void runner.stop().then(() => process.exit())).resume();
process.stdout.write('ready\n');
