/** Writes commands to the launcher; their form is described in protocol.ts. */

import { COMMAND, FLAG, LARGEST_FRAME_BYTES, PROTOCOL_VERSION, type StartCommand } from './protocol.js';

const USUAL_BYTES = 16 * 1024;

/** Collects commands; take() hands over what was written since, in one piece. */
export class CommandWriter {
  #bytes = Buffer.allocUnsafeSlow(USUAL_BYTES);
  #end = 0;
  #frame = 0;

  get isEmpty(): boolean {
    return this.#end === 0;
  }

  /** Valid until the next command is written, unless renew() is called before. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.#end);
    this.#end = 0;
    return taken;
  }

  /** What was taken is still in use, or was large: write elsewhere from now on. */
  renew(): void {
    this.#bytes = Buffer.allocUnsafeSlow(USUAL_BYTES);
  }

  hello(lockFile: string): void {
    this.#begin(COMMAND.hello);
    this.#u16(PROTOCOL_VERSION);
    this.#text(lockFile);
    this.#finish();
  }

  /** False, and nothing written, where the frame would be too large. */
  start(start: StartCommand): boolean {
    this.#begin(COMMAND.start);
    this.#u32(start.run);
    this.#u32(flagsOf(start));
    this.#u64(start.timeoutMs === null ? 0 : Math.max(1, Math.ceil(start.timeoutMs)));
    this.#u32(clampToU32(start.graceMs));
    this.#u64(start.capBytes);
    this.#u32(start.user?.uid ?? 0);
    this.#u32(start.user?.gid ?? 0);
    this.#u32(start.umask ?? 0);
    this.#u32((start.nice ?? 0) >>> 0);
    this.#u64(start.memoryBytes ?? 0);
    this.#u64(start.cpuSeconds ?? 0);
    this.#u64(start.openFiles ?? 0);
    this.#u64(start.processes ?? 0);
    this.#u32(start.places);
    this.#text(start.token);
    this.#text(start.noteFile);
    this.#text(start.noteDraft);
    this.#text(start.outputFile);
    this.#text(start.cwd ?? '');
    this.#stdin(start.stdin);
    this.#words('shell' in start.command ? [start.command.shell] : start.command.argv);
    this.#words(start.environment);
    return this.#finish();
  }

  end(run: number, signal: number, graceMs: number): void {
    this.#begin(COMMAND.end);
    this.#u32(run);
    this.#u32(signal);
    this.#u32(clampToU32(graceMs));
    this.#finish();
  }

  endNow(run: number): void {
    this.#begin(COMMAND.endNow);
    this.#u32(run);
    this.#finish();
  }

  deadline(askedAtUs: number, termAfterMs: number, killAfterMs: number): void {
    this.#begin(COMMAND.deadline);
    this.#u64(askedAtUs);
    this.#u32(termAfterMs);
    this.#u32(killAfterMs);
    this.#finish();
  }

  withdraw(): void {
    this.#begin(COMMAND.withdraw);
    this.#finish();
  }

  /** False, and nothing written, where the frame would be too large. */
  shared(environment: readonly string[]): boolean {
    this.#begin(COMMAND.shared);
    this.#words(environment);
    return this.#finish();
  }

  #begin(type: number): void {
    this.#frame = this.#end;
    this.#reserve(5);
    this.#end += 4;
    this.#bytes[this.#end++] = type;
  }

  #finish(): boolean {
    const length = this.#end - this.#frame - 4;
    if (length > LARGEST_FRAME_BYTES) {
      this.#end = this.#frame;
      return false;
    }
    this.#bytes.writeUInt32LE(length, this.#frame);
    return true;
  }

  #u16(value: number): void {
    this.#reserve(2);
    this.#end = this.#bytes.writeUInt16LE(value, this.#end);
  }

  #u32(value: number): void {
    this.#reserve(4);
    this.#end = this.#bytes.writeUInt32LE(value, this.#end);
  }

  #u64(value: number): void {
    this.#reserve(8);
    this.#bytes.writeUInt32LE(value % 2 ** 32, this.#end);
    this.#end = this.#bytes.writeUInt32LE(Math.floor(value / 2 ** 32), this.#end + 4);
  }

  #text(text: string): void {
    const lengthAt = this.#end;
    this.#end += 4;
    this.#utf8(text);
    this.#bytes.writeUInt32LE(this.#end - lengthAt - 4, lengthAt);
    this.#utf8('\0');
  }

  #stdin(stdin: StartCommand['stdin']): void {
    const bytes =
      stdin === undefined ? new Uint8Array() : 'file' in stdin ? Buffer.from(`${stdin.file}\0`) : stdin.bytes;
    this.#u32(bytes.length);
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  #words(words: readonly string[]): void {
    this.#u32(words.length);
    const lengthAt = this.#end;
    this.#end += 4;
    // Joined, since one long conversion is much cheaper than many short ones.
    if (words.length > 0) this.#utf8(`${words.join('\0')}\0`);
    else this.#reserve(4);
    this.#bytes.writeUInt32LE(this.#end - lengthAt - 4, lengthAt);
  }

  #utf8(text: string): void {
    this.#reserve(4 + (text.length < 4096 ? text.length * 3 : Buffer.byteLength(text)));
    this.#end += this.#bytes.write(text, this.#end, 'utf8');
  }

  /** Also for a length of 4 bytes that was stepped over and is filled in later. */
  #reserve(length: number): void {
    if (this.#end + length + 8 <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#end + length + 8));
    this.#bytes.copy(larger, 0, 0, this.#end);
    this.#bytes = larger;
  }
}

function flagsOf(start: StartCommand): number {
  let flags = 0;
  if ('shell' in start.command) flags |= FLAG.shell;
  if (start.forward) flags |= FLAG.forward;
  if (start.addsToShared) flags |= FLAG.shared;
  if (start.leaveStragglers) flags |= FLAG.leave;
  if (start.stdin !== undefined) flags |= 'file' in start.stdin ? FLAG.stdinFile : FLAG.stdinBytes;
  if (start.user !== undefined) flags |= FLAG.user;
  if (start.umask !== undefined) flags |= FLAG.umask;
  if (start.nice !== undefined) flags |= FLAG.nice;
  return flags;
}

function clampToU32(value: number): number {
  return Math.min(Math.max(0, Math.ceil(value)), 2 ** 32 - 1);
}
