import type { FileHandle } from 'node:fs/promises';

import { openForReading } from './open-file.js';
import { PlainFile } from './plain-file.js';
import { RecordFile } from './record-file.js';
import { isRecordLog, LOG_MAGIC } from './records.js';

/** A run's log on the disk. Its first bytes tell which form it has. */
export class LogFile {
  readonly handle: FileHandle;
  #log: RecordFile | PlainFile | null = null;

  private constructor(handle: FileHandle) {
    this.handle = handle;
  }

  /** Null where there is no such file; throws `unavailable` where it cannot be opened. Close it after use. */
  static async open(file: string): Promise<LogFile | null> {
    const handle = await openForReading(file);
    return handle === null ? null : new LogFile(handle);
  }

  /** Null while there is too little to tell; where nothing more will come, what there is is plain text. */
  async log(isComplete: boolean): Promise<RecordFile | PlainFile | null> {
    if (this.#log !== null) return this.#log;
    const start = Buffer.alloc(LOG_MAGIC.length);
    const { bytesRead } = await this.handle.read(start, 0, start.length, 0);
    if (isRecordLog(start)) this.#log = new RecordFile(this.handle);
    else if (isComplete || !start.subarray(0, bytesRead).equals(LOG_MAGIC.subarray(0, bytesRead)))
      this.#log = new PlainFile(this.handle);
    return this.#log;
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}
