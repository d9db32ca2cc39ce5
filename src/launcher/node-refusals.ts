/** What Node's spawn cannot do for a process, or no launcher does: a run that asks for it does not start, rather than run without it. */

import type { Exit, LaunchSpec } from './launcher.js';
import { inputTooLong, notStarted } from './start-failure.js';

const CANNOT_RUN = 126;

const NATIVE_ONLY: readonly (readonly [words: string, isAsked: (spec: LaunchSpec) => boolean])[] = [
  ['a memory limit', ({ limits }) => limits?.memoryBytes !== undefined],
  ['a limit of CPU time', ({ limits }) => limits?.cpuSeconds !== undefined],
  ['a limit of open files', ({ limits }) => limits?.openFiles !== undefined],
  ['a limit of processes', ({ limits }) => limits?.processes !== undefined],
  ['a nice value', ({ nice }) => nice !== undefined],
  ['a umask', ({ umask }) => umask !== undefined],
  // It would be opened with our rights, not with the user's.
  [
    'an input file of another user',
    ({ user, stdin }) => user !== undefined && stdin !== undefined && 'file' in stdin,
  ],
];

/** Null where Node can do all that is asked for. */
export function refuse(spec: LaunchSpec): Exit | null {
  const asked = NATIVE_ONLY.find(([, isAsked]) => isAsked(spec));
  return asked === undefined
    ? inputTooLong(spec)
    : notStarted(CANNOT_RUN, `${asked[0]} needs the native launcher`);
}
