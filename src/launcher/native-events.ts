/** Reads what the launcher says; its form is described in protocol.ts. */

import {
  CAUSES,
  EVENT,
  type ExitEvent,
  LARGEST_FRAME_BYTES,
  type LauncherEvent,
  STAGES,
} from './protocol.js';

/** Cuts what arrives into events. Throws an Error on what no launcher of this version says. */
export class EventReader {
  #rest: Buffer | null = null;

  *read(chunk: Buffer): Generator<LauncherEvent, void, undefined> {
    let bytes = this.#rest === null ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = null;
    while (bytes.length >= 4) {
      const length = bytes.readUInt32LE(0);
      if (length === 0 || length > LARGEST_FRAME_BYTES) throw new Error('the launcher sent garbage');
      if (bytes.length < 4 + length) break;
      yield parseEvent(bytes.subarray(4, 4 + length));
      bytes = bytes.subarray(4 + length);
    }
    if (bytes.length > 0) this.#rest = bytes;
  }
}

function parseEvent(body: Buffer): LauncherEvent {
  const run = body.length >= 5 ? body.readUInt32LE(1) : 0;
  switch (body[0]) {
    case EVENT.hello:
      return { type: 'hello', version: body.readUInt16LE(1), pid: body.readUInt32LE(3) };
    case EVENT.started: {
      const startTime = String(body.readBigUInt64LE(9));
      return { type: 'started', run, pid: body.readUInt32LE(5), startTime };
    }
    case EVENT.startFailed:
      return { type: 'start_failed', run, errno: body.readUInt32LE(5), stage: STAGES[body[9] ?? 0] ?? '' };
    case EVENT.exit:
      return { type: 'exit', run, ...parseExit(body) };
    case EVENT.output:
      return { type: 'output', run, stream: body[5] === 2 ? 'stderr' : 'stdout', bytes: body.subarray(6) };
    case EVENT.error: {
      const message = body.toString('utf8', 10, 10 + body.readUInt32LE(6));
      return { type: 'error', run, code: body[5] ?? 0, message };
    }
    default:
      throw new Error(`the launcher sent an unknown event: ${body[0]}`);
  }
}

function parseExit(body: Buffer): ExitEvent {
  const u64 = (at: number): number => body.readUInt32LE(at) + body.readUInt32LE(at + 4) * 2 ** 32;
  const exitCode = body.readInt32LE(6);
  return {
    cause: CAUSES[body[5] ?? 0] ?? 'exited',
    exitCode: exitCode < 0 ? null : exitCode,
    signal: body.readUInt32LE(10),
    endedAtUs: u64(14),
    wallUs: u64(22),
    userUs: u64(30),
    systemUs: u64(38),
    maxRssKb: u64(46),
    killed: body.readUInt32LE(54),
    survivors: body.readUInt32LE(58),
    printedBytes: u64(62),
    droppedBytes: u64(70),
    errno: body.readUInt32LE(78),
    hasFile: body[82] === 1,
    // Copied: a piece of what was read would keep all of it in memory.
    log: body[83] === 1 ? new Uint8Array(body.subarray(88, 88 + body.readUInt32LE(84))) : null,
  };
}
