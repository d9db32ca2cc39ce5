/*
 * What the worker and the launcher say to each other. The same words stand in native/protocol.c.
 *
 * Frames over two inherited descriptors: commands on 0, events on 1. Numbers are little endian.
 *
 *   frame   u32 length of what follows (1 byte to 8 MiB), u8 type, the fields
 *   text    u32 length, so many bytes without a NUL, a NUL
 *   bytes   u32 length, so many bytes
 *   words   u32 count, u32 length, so many bytes: each word and a NUL
 *
 * Commands
 *
 *   1 hello     u16 version (3), text lock file (empty: none). Comes first, and once.
 *   2 start     u32 run (any number but 0 that is not in use), u32 flags, u64 timeout in ms (0: none),
 *               u32 grace in ms, u64 cap of the log in bytes (0: none; else at least 256 KiB),
 *               u32 user, u32 group, u32 umask, i32 nice, u64 bytes of memory, u64 seconds of CPU time,
 *               u64 open files, u64 processes (limits; 0: none), u32 places (0: it starts at once; else it waits, in
 *               order, until fewer runs than this go on), text token (A-Z a-z 0-9 _ -, 1 to 128), text note file,
 *               text draft (the file that is written and becomes the note; made if missing), text output file,
 *               text directory (empty: the launcher's own), bytes standard input, words argv, words environment
 *               flags: 1 argv is one line for the shell, 4 forward the output, 8 add the shared environment,
 *               16 let stragglers live, 32 standard input names a file, 64 it is the input itself,
 *               128 set user and group, 256 set the umask, 512 set nice
 *   3 end       u32 run, u32 signal (1 to 64), u32 grace in ms: the signal, then KILL after the grace
 *   4 end now   u32 run: KILL
 *   5 deadline  u64 when the lease was asked for (us, CLOCK_MONOTONIC), u32 ms from then to TERM, u32 ms to KILL
 *               (both 0: there is no lease). It holds for every run, until the next such command.
 *   6 withdraw  every start that still waits is forgotten. It changes nothing for what was started.
 *   7 shared    words environment: what the starts with flag 8 have in common. A start's own words win over it.
 *               Comes once, before the first of them.
 *   The end of the commands means that the worker is gone: what waits is never started, every run gets TERM, after
 *   1 s KILL. An end for a start that waits withdraws it; an end for a run that is over changes nothing.
 *
 * Events
 *
 *   1 hello         u16 version, u32 pid of the launcher
 *   2 started       u32 run, u32 pid, u64 start time (clock ticks since the boot, as in /proc/<pid>/stat)
 *   3 start failed  u32 run, u32 errno, u8 stage (1 the machine, 2 note, 3 directory, 4 standard input, 5 user,
 *                   6 limits, 7 exec, 8 the lease is over, 9 withdrawn: it waited, and nothing of it was done)
 *   4 exit          u32 run, u8 cause (1 by itself, 2 timeout, 3 end, 4 lease), i32 exit code (-1: none), u32 signal
 *                   (0: none), u64 when it ended (us, CLOCK_MONOTONIC), u64 wall us, u64 user us, u64 system us,
 *                   u64 peak memory in KiB, u32 stragglers killed, u32 processes that could not be killed,
 *                   u64 bytes printed, u64 of these not kept, u32 errno of the first loss (0: none),
 *                   u8 a file was written, u8 the bytes are all of the log, bytes log. While starts wait, the news
 *                   of an end may be up to 20 ms late.
 *   5 output        u32 run, u8 stream (1 out, 2 error), the rest: what was printed
 *   6 error         u32 run (0: none), u8 code (1 garbage: every run is ended as at the end of the commands,
 *                   2 unknown type, 3 refused), text. A start that was refused gets no other event.
 */

import type { LaunchCommand } from './launcher.js';

export const PROTOCOL_VERSION = 3;
/** No frame may be larger. Linux takes at most 6 MiB of arguments and environment together. */
export const LARGEST_FRAME_BYTES = 8 * 1024 * 1024;

export const COMMAND = {
  hello: 1,
  start: 2,
  end: 3,
  endNow: 4,
  deadline: 5,
  withdraw: 6,
  shared: 7,
} as const;
export const EVENT = { hello: 1, started: 2, startFailed: 3, exit: 4, output: 5, error: 6 } as const;
export const FLAG = {
  shell: 1,
  forward: 4,
  shared: 8,
  leave: 16,
  stdinFile: 32,
  stdinBytes: 64,
  user: 128,
  umask: 256,
  nice: 512,
} as const;

/** A limit of 0, and whatever else is 0 or missing here, is none. */
export interface StartCommand {
  readonly run: number;
  readonly command: LaunchCommand;
  /** With `addsToShared` on top of what the starts share. */
  readonly environment: readonly string[];
  readonly addsToShared: boolean;
  /** 0: it starts at once. */
  readonly places: number;
  readonly token: string;
  readonly noteFile: string;
  readonly noteDraft: string;
  readonly outputFile: string;
  readonly cwd: string | null;
  readonly timeoutMs: number | null;
  readonly graceMs: number;
  readonly forward: boolean;
  readonly leaveStragglers: boolean;
  readonly capBytes: number;
  readonly stdin: { readonly file: string } | { readonly bytes: Uint8Array } | undefined;
  readonly user: { readonly uid: number; readonly gid: number } | undefined;
  readonly umask: number | undefined;
  readonly nice: number | undefined;
  readonly memoryBytes: number | undefined;
  readonly cpuSeconds: number | undefined;
  readonly openFiles: number | undefined;
  readonly processes: number | undefined;
}

export type LauncherEvent =
  | { readonly type: 'hello'; readonly version: number; readonly pid: number }
  | { readonly type: 'started'; readonly run: number; readonly pid: number; readonly startTime: string }
  | {
      readonly type: 'start_failed';
      readonly run: number;
      readonly errno: number;
      readonly stage: StartStage;
    }
  | ({ readonly type: 'exit'; readonly run: number } & ExitEvent)
  | {
      readonly type: 'output';
      readonly run: number;
      readonly stream: 'stdout' | 'stderr';
      readonly bytes: Uint8Array;
    }
  | { readonly type: 'error'; readonly run: number; readonly code: number; readonly message: string };

export const STAGES = [
  '',
  'machine',
  'note',
  'directory',
  'stdin',
  'user',
  'limits',
  'exec',
  'lease',
  'withdrawn',
] as const;
export type StartStage = (typeof STAGES)[number];

export const CAUSES = ['exited', 'exited', 'timed_out', 'ended', 'lease'] as const;

export interface ExitEvent {
  readonly cause: (typeof CAUSES)[number];
  readonly exitCode: number | null;
  /** 0: none. */
  readonly signal: number;
  /** CLOCK_MONOTONIC. */
  readonly endedAtUs: number;
  readonly wallUs: number;
  readonly userUs: number;
  readonly systemUs: number;
  readonly maxRssKb: number;
  readonly killed: number;
  readonly survivors: number;
  readonly printedBytes: number;
  readonly droppedBytes: number;
  /** 0: none. */
  readonly errno: number;
  readonly hasFile: boolean;
  /** The whole log, while it is small; else null. */
  readonly log: Uint8Array | null;
}
