import { HEADER_BYTES, LOG_MAGIC } from './records.js';

/** A log with one record: what this program itself has to say of a run, on its standard error. */
export function encodeStderrLog(text: string, timeMs: number): Uint8Array {
  const body = Buffer.from(text);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeBigUInt64LE(BigInt(timeMs) * 1000n);
  header.writeUInt32LE(body.length + STDERR * 2 ** 24, 8);
  return Buffer.concat([LOG_MAGIC, header, body]);
}

/** The kind of record (records.ts). */
const STDERR = 2;
