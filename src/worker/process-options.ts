/** What a job asks for its process, as a launcher takes it. */
import { systemErrorCode } from '../errors.js';
import type { RunOptions } from '../job/job.js';
import { findUser } from '../launcher/find-user.js';
import type { Exit, LaunchSpec } from '../launcher/launcher.js';

type Asked = Pick<LaunchSpec, 'stdin' | 'stragglers' | 'nice' | 'umask' | 'limits'>;

export function processOptions(job: RunOptions): Asked {
  return {
    stdin: stdinOf(job),
    stragglers: job.stragglers,
    nice: job.nice ?? undefined,
    umask: job.umask === null ? undefined : Number.parseInt(job.umask, 8),
    limits: {
      memoryBytes: job.memoryLimitBytes ?? undefined,
      cpuSeconds: job.cpuLimitMs === null ? undefined : job.cpuLimitMs / 1000,
      openFiles: job.openFilesLimit ?? undefined,
      processes: job.processLimit ?? undefined,
    },
  };
}

function stdinOf({ stdin, stdinFile }: RunOptions): LaunchSpec['stdin'] {
  if (stdin !== null) return { bytes: Buffer.from(stdin) };
  return stdinFile === null ? undefined : { file: stdinFile };
}

/** The spec with the job's user in it, who is looked up at each run; or why it cannot run as that user. */
export function withUser(spec: LaunchSpec, { user }: RunOptions): LaunchSpec | Exit {
  if (user === null) return spec;
  if (process.geteuid?.() !== 0)
    return cannotRunAs(user, 'only a worker that runs as root can change its user');
  try {
    const found = findUser(user);
    return found === null ? cannotRunAs(user, 'there is no such user') : { ...spec, user: found };
  } catch (error) {
    return cannotRunAs(user, `/etc/passwd cannot be read: ${systemErrorCode(error) ?? String(error)}`);
  }
}

function cannotRunAs(user: string, why: string): Exit {
  return { cause: 'not_started', exitCode: 126, signal: null, message: `cannot run as ${user}: ${why}` };
}
