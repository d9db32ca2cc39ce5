import { GAP_RECORD_BYTES, HEADER_BYTES, LOG_MAGIC } from './records.js';

/** Kinds of records (records.ts). */
const [STDERR, GAP] = [2, 3];

/** A log with one record: what this program itself has to say of a run, on its standard error. */
export function encodeStderrLog(text: string, timeMs: number): Uint8Array {
  const body = Buffer.from(text);
  return Buffer.concat([LOG_MAGIC, header(STDERR, body.length, timeMs), body]);
}

/** The record that says how much was dropped, and where in the log reading goes on. */
export function encodeGap(missingBytes: number, resumeAt: number): Uint8Array {
  const body = Buffer.alloc(GAP_RECORD_BYTES - HEADER_BYTES);
  body.writeBigUInt64LE(BigInt(missingBytes));
  body.writeBigUInt64LE(BigInt(resumeAt), 8);
  return Buffer.concat([header(GAP, body.length, 0), body]);
}

function header(kind: number, bodyBytes: number, timeMs: number): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES);
  bytes.writeBigUInt64LE(BigInt(timeMs) * 1000n);
  bytes.writeUInt32LE(bodyBytes + kind * 2 ** 24, 8);
  return bytes;
}
