// Sends valid frames with random changes to the sanitized launcher: node test/native/fuzz.mjs [seconds] [seed]
// It must answer or refuse each, end by itself when told to, and never be stopped by a sanitizer. Prints its seed,
// and on failure the frames; with the same seed it sends the same.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deadline, end, endNow, frame, hello, number, shared, start, withdraw } from './frames.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const seconds = Number(process.argv[2] ?? 60);
const seed = Number(process.argv[3] ?? Date.now() % 2 ** 31);
const FRAMES_A_PROCESS = 60;
const LONGEST_END_MS = 20_000;

/** Mulberry32: small, and the same everywhere. */
let state = seed;
function random() {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}

/** @param {number} below */
const pick = (below) => Math.floor(random() * below);
/** @template T @param {T[]} from @returns {T} */
const oneOf = (from) => /** @type {T} */ (from[pick(from.length)]);

/** Numbers at which programs go wrong. */
const edges = [
  0,
  1,
  2,
  4,
  127,
  128,
  255,
  256,
  4095,
  4096,
  65_535,
  2 ** 20,
  2 ** 23,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
];

/** All in the current directory, so that a changed byte of a path leads nowhere else. */
function validFrame() {
  const dir = '.';
  const run = 1 + pick(4);
  const make = oneOf([
    () => start(dir, { run, argv: [oneOf(['true', 'exit 3', 'echo a; echo b >&2', 'sleep 0.05', ''])] }),
    () =>
      start(dir, {
        run,
        flags: pick(1024) & ~(2 + 32 + 128 + 512),
        cap: oneOf([0, 262_144]),
        argv: ['true', 'x'],
      }),
    () => start(dir, { run, flags: 32, stdin: '/dev/null\0', argv: ['cat'], timeoutMs: pick(100) }),
    () => start(dir, { run, flags: 5, argv: ['head -c 200000 /dev/zero'], cap: 262_144 }),
    () => start(dir, { run, flags: oneOf([1, 9]), places: 1 + pick(3), argv: ['sleep 0.02'] }),
    () => withdraw(),
    () => shared(oneOf([[], ['A=1'], ['A=1', 'PATH=/bin', 'B']])),
    () => end(run, oneOf([1, 2, 9, 10, 15]), pick(100)),
    () => endNow(run),
    () => deadline(pick(1000), 0, 0),
    () => frame(pick(256), number(pick(2 ** 31), 4)),
    () => hello(),
  ]);
  return Buffer.from(make());
}

/** @param {Buffer} bytes @returns {Buffer} */
function change(bytes) {
  if (bytes.length < 4) return Buffer.concat([bytes, Buffer.alloc(4)]);
  const at = pick(bytes.length);
  switch (pick(7)) {
    case 0:
      bytes[at] = pick(256);
      return bytes;
    case 1:
      bytes[at] = (bytes[at] ?? 0) ^ (1 << pick(8));
      return bytes;
    case 2: {
      // A length, a count or a number, most likely.
      const place = Math.min(bytes.length - 4, at);
      bytes.writeUInt32LE(oneOf(edges), Math.max(0, place));
      return bytes;
    }
    case 3:
      return bytes.subarray(0, at + 1);
    case 4:
      return Buffer.concat([bytes, Buffer.from(Array.from({ length: pick(50) }, () => pick(256)))]);
    case 5:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + pick(8))]);
    default:
      return bytes;
  }
}

/** With the right length in front, so that what was changed reaches the parser of its type. @param {Buffer} bytes */
function reframe(bytes) {
  const body = bytes.subarray(4);
  return Buffer.concat([number(Math.max(1, body.length), 4), body.length === 0 ? Buffer.from([0]) : body]);
}

/** @returns {Buffer[]} */
function randomFrames() {
  /** @type {Buffer[]} */
  const frames = [hello()];
  for (let n = 0; n < FRAMES_A_PROCESS; n++) {
    let bytes = /** @type {Buffer} */ (validFrame());
    for (let changes = pick(4); changes > 0; changes--) bytes = change(bytes);
    frames.push(random() < 0.97 ? reframe(bytes) : bytes);
  }
  return frames;
}

/**
 * @param {string} program
 * @param {string} dir
 * @param {Buffer[]} frames
 * @returns {Promise<string | null>} what went wrong
 */
function tryFrames(program, dir, frames) {
  return new Promise((resolve) => {
    const child = spawn(program, [], { cwd: dir, stdio: ['pipe', 'pipe', 'pipe'] });
    let said = '';
    child.stderr.on('data', (chunk) => (said += chunk));
    child.stdout.resume();
    child.stdin.on('error', () => {});
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      resolve('it did not end');
    }, LONGEST_END_MS);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve(code === 0 && said === '' ? null : `it ended with ${signal ?? code}\n${said}`);
    });
    child.stdin.end(Buffer.concat(frames));
  });
}

execFileSync(process.execPath, [join(root, 'scripts/build-native.mjs'), '--sanitize'], { stdio: 'inherit' });
const program = join(root, 'dist/native/launcher-sanitized');
const dir = mkdtempSync(join(tmpdir(), 'queuectl-fuzz-'));
const until = Date.now() + seconds * 1000;
let sent = 0;
/** @type {string | null} */
let problem = null;
while (problem === null && Date.now() < until) {
  const frames = randomFrames();
  problem = await tryFrames(program, dir, frames);
  sent += frames.length;
  if (problem !== null) problem += `\n${frames.map((bytes) => bytes.toString('hex')).join('\n')}`;
}
rmSync(dir, { recursive: true, force: true });
console.log(`seed ${seed}: ${sent} frames${problem === null ? '' : `\n${problem}`}`);
process.exitCode = problem === null ? 0 : 1;
