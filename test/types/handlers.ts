/** What the compiler refuses: `npm run check:types` fails where one of these lines is no error, or another one is. */
import type { Queue } from '../../src/queue.js';
import type { WorkerOptions } from '../../src/worker/worker-options.js';

interface Jobs {
  add: { payload: { a: number; b: number }; result: number };
  mail: { payload: { to: string } };
  tick: { payload: null; result: string };
}

declare const queue: Queue<Jobs>;
declare const untyped: Queue;
declare const start: (options: WorkerOptions<Jobs>) => void;
declare const startUntyped: (options: WorkerOptions) => void;

/** Never run: to be compiled is all that is asked of it. */
export async function refusals(): Promise<void> {
  await queue.enqueue({ handler: 'add', payload: { a: 1, b: 2 } });
  await queue.enqueue({ handler: 'tick' });
  await queue.enqueue({ command: 'true', nice: 5 });
  // @ts-expect-error: no such handler
  await queue.enqueue({ handler: 'subtract', payload: { a: 1, b: 2 } });
  // @ts-expect-error: a wrong payload
  await queue.enqueue({ handler: 'add', payload: { a: 1, b: '2' } });
  // @ts-expect-error: the payload of another handler
  await queue.enqueue({ handler: 'mail', payload: { a: 1, b: 2 } });
  // @ts-expect-error: no payload
  await queue.enqueue({ handler: 'add' });
  // @ts-expect-error: an option for commands
  await queue.enqueue({ handler: 'tick', nice: 5 });
  // @ts-expect-error: a command has no payload
  await queue.enqueue({ command: 'true', payload: 1 });
  // @ts-expect-error: so in bulk
  await queue.enqueueMany([{ handler: 'tick' }, { handler: 'tock' }]);
  // @ts-expect-error: and in a stream
  queue.enqueueStream([{ handler: 'mail', payload: { to: 1 } }]);

  const sum: number = await queue.result<'add'>('1');
  // @ts-expect-error: it is a number
  const text: string = await queue.result<'add'>('1');
  // @ts-expect-error: no such handler
  await queue.result<'subtract'>('1');

  start({ slots: sum, handlers: { add: ({ payload }) => payload.a + payload.b } });
  start({ slots: 1, handlers: { add: async ({ payload: { a } }) => a, tick: () => text } });
  // @ts-expect-error: no such handler
  start({ slots: 1, handlers: { subtract: () => 1 } });
  // @ts-expect-error: another type of result
  start({ slots: 1, handlers: { add: () => 'three' } });
  // @ts-expect-error: so for a promise of it
  start({ slots: 1, handlers: { add: async () => 'three' } });
  // @ts-expect-error: no such field in its payload
  start({ slots: 1, handlers: { add: ({ payload }) => payload.c } });

  await untyped.enqueue({ handler: 'anything', payload: [1, { two: 'three' }] });
  startUntyped({ slots: 1, handlers: { anything: ({ payload }) => payload } });
}
