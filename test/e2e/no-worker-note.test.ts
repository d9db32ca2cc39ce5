/** Who puts a job in, or looks, is told where no worker would run it. */
import { expect, test } from 'vitest';
import { createCli } from '../support/cli.js';

test('enqueue says that no worker is running for the queue, and with which command one starts', async () => {
  const cli = createCli();
  const stderrOf = async (...args: string[]): Promise<string> => {
    const { code, stderr } = await cli.run(args, { input: 'true\n' });
    expect({ args, code }).toEqual({ args, code: 0 });
    return stderr;
  };
  const DEFAULT = 'no worker is running for the queue default: queuectl worker start\n';
  expect(await stderrOf('enqueue', '--', 'true')).toBe(DEFAULT);
  expect(await stderrOf('enqueue', '-')).toBe(DEFAULT);
  expect(await stderrOf('enqueue', '-d', '30s', '--', 'true')).toBe(DEFAULT);
  for (const quiet of [['-q'], ['--json'], ['-d', '10m'], ['--dry-run']])
    expect(await stderrOf('enqueue', ...quiet, '--', 'true')).toBe('');
  expect(await stderrOf('run', '--', 'true')).toBe('');
  expect(await stderrOf('enqueue', '{"handler":"add","payload":1}')).toBe(
    'no worker with the handler add is running for the queue default: start the program that has it\n',
  );
  const worker = await cli.startWorker(['--queues', 'default']);
  expect(await stderrOf('enqueue', '--', 'true')).toBe('');
  expect(await stderrOf('enqueue', '-g', 'mail', '--', 'true')).toBe(
    'no worker is running for the queue mail: queuectl worker start --queues mail\n',
  );
  expect(await stderrOf('enqueue', '{"handler":"add"}')).not.toBe('');
  expect(await stderrOf('status')).toBe(
    'no worker is running for the queue mail: queuectl worker start --queues mail\n' +
      'no worker with the handler add is running for the queue default: start the program that has it\n',
  );
  await cli.ok('pause', 'mail');
  expect(await stderrOf('status')).not.toContain('mail');
  expect(await stderrOf('status', '-q')).toBe('');
  expect(await stderrOf('status', '--json')).toBe('');
  await worker.kill('SIGKILL');
  expect(await stderrOf('enqueue', '--', 'true')).toBe(DEFAULT);
});
