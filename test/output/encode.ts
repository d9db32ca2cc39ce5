/** Logs of records as the native launcher writes them. */

import { LOG_MAGIC } from '../../src/output/records.js';

export const KINDS = { stdout: 1, stderr: 2, gap: 3, remark: 4 };
const HEADER_BYTES = 12;

export function header(kind: number, timeUs: number, length: number): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES);
  bytes.writeBigUInt64LE(BigInt(timeUs));
  bytes.writeUInt32LE(length + kind * 2 ** 24, 8);
  return bytes;
}

export function encode(kind: number, timeUs: number, body: Uint8Array): Buffer {
  return Buffer.concat([header(kind, timeUs, body.length), body]);
}

export function gap(missingBytes: number, resumeAt: number, timeUs = 0): Buffer {
  const body = Buffer.alloc(16);
  body.writeBigUInt64LE(BigInt(missingBytes));
  body.writeBigUInt64LE(BigInt(resumeAt), 8);
  return encode(KINDS.gap, timeUs, body);
}

interface Printed {
  readonly kind: 'stdout' | 'stderr';
  readonly timeUs: number;
  readonly bytes: Uint8Array;
}

export function encodeAll(records: readonly Printed[]): Buffer {
  return Buffer.concat([
    LOG_MAGIC,
    ...records.map(({ kind, timeUs, bytes }) => encode(KINDS[kind], timeUs, bytes)),
  ]);
}
