/** Starts, watches and ends processes. Knows nothing of jobs or stores. */
import type { Deadline } from '../boot-clock.js';
import type { StopSource } from './stop.js';

/** A line for /bin/sh -c, or an exact argv. */
export type LaunchCommand = { readonly shell: string } | { readonly argv: readonly string[] };

export interface LaunchSpec {
  readonly command: LaunchCommand;
  /** Null: the caller's own directory. */
  readonly cwd: string | null;
  /** The environment of the process, with `sharedEnv` the whole of it. */
  readonly env: Readonly<Record<string, string>>;
  /** What `env` is added to, and wins over. One object for many runs is handed over once. */
  readonly sharedEnv?: Readonly<Record<string, string>>;
  /** Unique to this run and also in `env`: by it, what is left of the run can be found and proved ours. */
  readonly token: string;
  readonly timeoutMs: number | null;
  /** Between TERM and KILL. */
  readonly graceMs: number;
  /** Where both streams go, mode 0600, made if missing: as output/records.ts has it, or as plain text. */
  readonly outputFile: string;
  /** The most that is kept of it, where the launcher can (`capabilities.records`); 64 MiB. Null: no end to it. */
  readonly capBytes?: number | null | undefined;
  /** Receives what the process prints while it runs, as well as the file: for a command in the foreground. */
  readonly onOutput?: ((stream: 'stdout' | 'stderr', chunk: Uint8Array) => void) | undefined;
  /**
   * Where the launcher can (`capabilities.queues`): the run waits, in order, until fewer runs than this go on, so that
   * one starts as soon as another has ended. Missing: it starts at once.
   */
  readonly places?: number | undefined;
  /** Called once, when its process has been started: with news of it, so perhaps later. Not where it never was. */
  readonly onStarted?: (() => void) | undefined;
  /** Called once, when its end is known; what else that frees is known before the next start is told of. */
  readonly onEnded?: (() => void) | undefined;
  /** Written before the process does anything, removed by the caller once the run's end is stored. */
  readonly noteFile: string;
  /**
   * The file that is written and then becomes the note, in the same directory; made if missing. One that was a note before
   * spares the file system a new one.
   */
  readonly noteDraft: string;
  /** A file, from the run's directory, or the input itself, at most 1 MiB. Missing: none. */
  readonly stdin?: { readonly file: string } | { readonly bytes: Uint8Array } | undefined;
  /** What becomes of processes that outlive their leader. 'end', the default: KILL after 2 s. */
  readonly stragglers?: 'end' | 'leave' | undefined;
  /** Only root can become another user. Its input file is opened with its rights. */
  readonly user?: LaunchUser | undefined;
  /** Missing: the worker's own. */
  readonly umask?: number | undefined;
  /** From -20 to 19; below the worker's own only for root. */
  readonly nice?: number | undefined;
  readonly limits?: LaunchLimits | undefined;
}

export interface LaunchUser {
  readonly uid: number;
  readonly gid: number;
}

/** Of each process of the run by itself, but for `processes`. */
interface LaunchLimits {
  /** Of address space. */
  readonly memoryBytes?: number | undefined;
  /** SIGXCPU at its end, SIGKILL a second later. */
  readonly cpuSeconds?: number | undefined;
  readonly openFiles?: number | undefined;
  /** Of the user on this machine, not of the run. Does not bind root. */
  readonly processes?: number | undefined;
}

/**
 * What ended a process: itself, its time limit, the caller's signal; it never started, for its own fault or for the
 * machine's; its launcher died and nothing of it is left; or it was ended because its session's lease ran out.
 */
type ExitCause =
  'exited' | 'timed_out' | 'stopped' | 'not_started' | 'no_resources' | 'launcher_died' | 'lease_over';

/** What a process and those of its children that have ended took; memory is the largest single one's. */
interface Usage {
  readonly userMs: number;
  readonly systemMs: number;
  readonly maxRssKb: number;
}

export interface RunOutput {
  /** How many the processes printed. */
  readonly bytes: number;
  /** How many of these were not kept, for the cap or for a full disk. */
  readonly droppedBytes: number;
  /** The whole log, in records, where it is small; then a file, if there is one, may be removed once this is stored. */
  readonly inline: Uint8Array | null;
  readonly hasFile: boolean;
  /** The system's name for what kept the launcher from writing, where something did. */
  readonly lost: string | null;
}

/** By performance.now(). */
export interface RunTimes {
  readonly startedAt: number;
  readonly endedAt: number;
}

export interface Exit {
  /** What ended it first: itself, its time limit, the caller's signal, or it never started. */
  readonly cause: ExitCause;
  /** Shell convention where it never started: 127 not found, 126 not executable or no such directory. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** In plain words, where there is more to say than the code. */
  readonly message: string | null;
  /** Where the launcher can tell (`capabilities.usage`). */
  readonly usage?: Usage;
  /** Where the launcher can tell, and the process was started. */
  readonly times?: RunTimes;
  /** Where the launcher keeps records (`capabilities.records`); else all there is to know is in the file. */
  readonly output?: RunOutput;
}

/** What an implementation cannot do is declared here, never guessed. */
interface LauncherCapabilities {
  /** CPU time and peak memory of each run. */
  readonly usage: boolean;
  /** Ends its processes by itself when the worker is killed. */
  readonly outlivesNothing: boolean;
  /** Gives its processes real pipes (`echo x > /dev/stdout` works). */
  readonly pipes: boolean;
  /** Sets the umask, the niceness and limits, and opens an input file with the rights of its user; refuses them else. */
  readonly limits: boolean;
  /** Its logs keep the time and stream of what was printed, and have a cap; else they are plain text. */
  readonly records: boolean;
  /** Keeps runs that wait for a place, and starts each without asking the caller. */
  readonly queues: boolean;
  /** Keeps a deadline even while the caller's process is stopped. */
  readonly deadlines: boolean;
}

export interface Launcher {
  readonly name: 'node' | 'native';
  readonly capabilities: LauncherCapabilities;
  /** The file that it holds locked, as SQLite locks, until the last of its processes is gone; null: none. */
  readonly lockFile: string | null;
  /**
   * Runs one process to its end, its whole process group with it. Never throws for a failed command.
   * `stop` ends the group: TERM, then KILL after the grace; aborted with a StopReason (stop.ts), by another signal
   * or after another grace, and sooner when asked again.
   */
  run(spec: LaunchSpec, stop: StopSource): Promise<Exit>;
  /** Every run is ended by then, as 'lease_over', and none starts any more; until the next one. Null: there is none. */
  setDeadline(deadline: Deadline | null): void;
  /** Runs that still wait for a place end as 'stopped', and nothing of them is done. */
  withdraw(): void;
  /** Ends what still runs and frees what the launcher holds. */
  close(): Promise<void>;
}
