// Frames as a worker would send them, byte by byte: for tests of the program itself, and for the fuzzer.

/** @param {number} value @param {number} bytes */
export function number(value, bytes) {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)));
  return buffer.subarray(0, bytes);
}

/** @param {string} text */
export function text(text) {
  return Buffer.concat([number(Buffer.byteLength(text), 4), Buffer.from(`${text}\0`)]);
}

/** @param {string[]} words */
function words(words) {
  const bytes = Buffer.from(words.map((word) => `${word}\0`).join(''));
  return Buffer.concat([number(words.length, 4), number(bytes.length, 4), bytes]);
}

/** @param {number} type @param {Buffer[]} fields */
export function frame(type, ...fields) {
  const body = Buffer.concat([number(type, 1), ...fields]);
  return Buffer.concat([number(body.length, 4), body]);
}

export function hello(version = 3, lockFile = '') {
  return frame(1, number(version, 2), text(lockFile));
}

/**
 * @typedef {{ run: number, flags: number, timeoutMs: number, graceMs: number, cap: number, uid: number, gid: number,
 *   umask: number, nice: number, memory: number, cpu: number, files: number, processes: number, token: string,
 *   places: number, note: string, draft: string, output: string, cwd: string, stdin: string, argv: string[], env: string[] }} Start
 */

/** @param {string} dir @param {Partial<Start>} [changes] */
export function start(dir, changes = {}) {
  const given = { run: 1, flags: 1, timeoutMs: 0, graceMs: 100, cap: 0, uid: 0, gid: 0, umask: 0, nice: 0 };
  const limits = { memory: 0, cpu: 0, files: 0, processes: 0, places: 0 };
  const texts = {
    token: 'token',
    note: `${dir}/note`,
    draft: `${dir}/draft`,
    output: `${dir}/log`,
    cwd: dir,
    stdin: '',
  };
  const s = { ...given, ...limits, ...texts, argv: ['true'], env: ['PATH=/bin:/usr/bin'], ...changes };
  const stdin = Buffer.from(s.stdin);
  return frame(
    2,
    number(s.run, 4),
    number(s.flags, 4),
    number(s.timeoutMs, 8),
    number(s.graceMs, 4),
    number(s.cap, 8),
    ...[s.uid, s.gid, s.umask, s.nice].map((value) => number(value, 4)),
    ...[s.memory, s.cpu, s.files, s.processes].map((value) => number(value, 8)),
    number(s.places, 4),
    ...[s.token, s.note, s.draft, s.output, s.cwd].map(text),
    number(stdin.length, 4),
    stdin,
    words(s.argv),
    words(s.env),
  );
}

/** @param {number} run @param {number} [signal] @param {number} [graceMs] */
export function end(run, signal = 15, graceMs = 100) {
  return frame(3, number(run, 4), number(signal, 4), number(graceMs, 4));
}

/** @param {number} run */
export function endNow(run) {
  return frame(4, number(run, 4));
}

/** @param {number} askedAtUs @param {number} termMs @param {number} killMs */
export function deadline(askedAtUs, termMs, killMs) {
  return frame(5, number(askedAtUs, 8), number(termMs, 4), number(killMs, 4));
}

/** Forgets every start that still waits. */
export function withdraw() {
  return frame(6);
}

/** @param {string[]} env */
export function shared(env) {
  return frame(7, words(env));
}
