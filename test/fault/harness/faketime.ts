/** Clocks of single processes that can be set, by libfaketime; the machine's own is never touched. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Null: it is not installed. */
export const FAKETIME = findFaketime();

/** What makes a process read the offset of its clock from this file, once a second. */
export function clockEnvironment(clockFile: string): Record<string, string> {
  return {
    LD_PRELOAD: FAKETIME ?? '',
    FAKETIME_TIMESTAMP_FILE: clockFile,
    FAKETIME_CACHE_DURATION: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    FAKETIME_DISABLE_SHM: '1',
  };
}

function findFaketime(): string | null {
  for (const folder of ['/usr/lib', ...readdirSync('/usr/lib').map((name) => `/usr/lib/${name}`)]) {
    try {
      if (readdirSync(join(folder, 'faketime')).includes('libfaketimeMT.so.1'))
        return join(folder, 'faketime', 'libfaketimeMT.so.1');
    } catch {
      // Not there.
    }
  }
  return null;
}
