// pg-boss's side of postgres-pickup.mjs; see pickup-queuectl.mjs. node pickup-pg-boss.mjs FOLDER URL
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [folder = '', url = ''] = process.argv.slice(2);
const PgBoss = createRequire(join(folder, 'package.json'))('pg-boss');

const boss = new PgBoss({ connectionString: url, supervise: false, schedule: false });
boss.on('error', () => undefined);
await boss.start();
await boss.createQueue('tell');
await boss.work('tell', { pollingIntervalSeconds: 0.5 }, async () => {
  process.stdout.write(`${performance.timeOrigin + performance.now()}\n`);
});
process.stdin.on('end', () => void boss.stop({ graceful: false }).then(() => process.exit())).resume();
process.stdout.write('ready\n');
