/** One process of the launcher, and the two pipes to it. */

import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';

import { systemErrorCode } from '../errors.js';
import { CommandWriter } from './native-commands.js';
import { EventReader } from './native-events.js';
import type { LauncherEvent } from './protocol.js';

const USUAL_BATCH_BYTES = 256 * 1024;

export class LauncherProcess {
  /** Resolves with what is known of the reason, once the process has ended and all it said was handed over. */
  readonly ended: Promise<string>;
  readonly #child: ChildProcess | null = null;
  readonly #commands: Socket | null = null;
  readonly #events: Socket | null = null;
  readonly #writer = new CommandWriter();
  #isFlushing = false;
  #hasEnded = false;
  #why: string | null = null;

  constructor(program: string, lockFile: string | null, onEvent: (event: LauncherEvent) => void) {
    const { promise, resolve } = withResolvers();
    this.ended = promise;
    const end = (why: string): void => {
      this.#hasEnded = true;
      resolve(this.#why ?? why);
    };
    try {
      // Of a session of its own: Ctrl-C in a terminal is for the worker to act on.
      this.#child = spawn(program, [], { stdio: ['pipe', 'pipe', 'ignore'], detached: true, env: {} });
    } catch (error) {
      end(`cannot start the launcher: ${systemErrorCode(error) ?? String(error)}`);
      return;
    }
    this.#child.on('error', (error) => end(`cannot start the launcher: ${systemErrorCode(error) ?? error}`));
    this.#child.on('close', (code, signal) => end(`its launcher ended: ${signal ?? `exit code ${code}`}`));
    this.#commands = this.#child.stdin as Socket;
    this.#events = this.#child.stdout as Socket;
    // A pipe that breaks is news of the launcher's end, which comes by itself.
    this.#commands.on('error', () => undefined);
    this.#events.on('error', () => undefined);
    const reader = new EventReader();
    this.#events.on('data', (chunk: Buffer) => {
      try {
        for (const event of reader.read(chunk)) this.#hear(event, onEvent);
      } catch (error) {
        // Not the program we know: it is of no use.
        this.#why ??= String(error);
        this.#child?.kill('SIGKILL');
      }
    });
    this.send((writer) => writer.hello(lockFile ?? ''));
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Commands of one turn of the event loop are sent together. */
  send<T>(write: (writer: CommandWriter) => T): T {
    const result = write(this.#writer);
    if (!this.#isFlushing) {
      this.#isFlushing = true;
      queueMicrotask(() => this.#flush());
    }
    return result;
  }

  /** While a run goes on, it keeps this process from ending by itself. */
  keepAlive(keep: boolean): void {
    for (const handle of [this.#child, this.#commands, this.#events]) {
      if (keep) handle?.ref();
      else handle?.unref();
    }
  }

  /** Stops hearing until the promise settles; who prints what is not heard waits in the end. */
  pauseUntil(settled: Promise<unknown>): void {
    this.#events?.pause();
    void settled.then(
      () => this.#events?.resume(),
      () => this.#events?.resume(),
    );
  }

  /** No more commands: it ends what runs, and then itself. */
  close(): void {
    this.keepAlive(true);
    this.#flush();
    this.#commands?.end();
  }

  #hear(event: LauncherEvent, onEvent: (event: LauncherEvent) => void): void {
    if (event.type === 'error' && event.run === 0) this.#why ??= `the launcher refused: ${event.message}`;
    onEvent(event);
  }

  #flush(): void {
    this.#isFlushing = false;
    if (this.#writer.isEmpty || this.#commands === null || this.#commands.destroyed) return;
    const batch = this.#writer.take();
    this.#commands.write(batch);
    // Nearly always all of it went out at once, and the memory is free for the next batch.
    if (this.#commands.writableLength > 0 || batch.length > USUAL_BATCH_BYTES) this.#writer.renew();
  }
}

function withResolvers(): { promise: Promise<string>; resolve: (why: string) => void } {
  let resolve: (why: string) => void = () => undefined;
  const promise = new Promise<string>((settle) => (resolve = settle));
  return { promise, resolve };
}
