/** The server of a queue in PostgreSQL: can it be used, and does it keep what it has committed? */
import { QueueError } from '../../errors.js';
import { databaseName } from '../../job/database-url.js';
import { fail, ok, some, warn } from './check.js';
import type { Finding } from './check.js';

interface Examined {
  /** By the names of the checks, in their order. */
  readonly findings: readonly (readonly [check: string, finding: Finding])[];
  /** The queue in it can be opened. */
  readonly isUsable: boolean;
  /** Its schema; null: there is none yet. */
  readonly found: number | null;
  readonly known: number;
}

export async function lookAtServer(url: string, lockTimeoutMs: number): Promise<Examined> {
  const { examine } = await import('../../store/postgres/open.js');
  let state: Awaited<ReturnType<typeof examine>>;
  try {
    state = await examine(url, lockTimeoutMs);
  } catch (error) {
    if (!(error instanceof QueueError)) throw error;
    return {
      findings: [['server', fail(error.message, error.hint)]],
      isUsable: false,
      found: null,
      known: 0,
    };
  }
  const where = `PostgreSQL ${state.version} at ${databaseName(url)}`;
  return {
    findings: [
      ['server', reach(where, state)],
      ['durability', durability(state)],
      ['bell', bell(state)],
      ['rights', rights(state)],
    ],
    isUsable: state.readOnly === null && state.missingRights.length === 0,
    found: state.schema,
    known: state.knownSchema,
  };
}

interface State {
  readonly answeredInMs: number;
  readonly readOnly: 'standby' | 'setting' | null;
  readonly schema: number | null;
  readonly unsafe: readonly string[];
  readonly synchronousCommit: string;
  readonly hearsBell: boolean;
  readonly missingRights: readonly string[];
}

const SLOW_MS = 250;

function reach(where: string, { readOnly, answeredInMs }: State): Finding {
  if (readOnly === 'standby')
    return fail(`${where} is a standby: it is read-only`, 'the URL must lead to the primary');
  if (readOnly === 'setting')
    return fail(`${where} is read-only: default_transaction_read_only is on`, 'switch it off for the role');
  const found = `${where}, answers in ${answeredInMs.toFixed(1)} ms`;
  return answeredInMs < SLOW_MS ? ok(found) : warn(found, 'each exchange of a worker takes that long, too');
}

function durability({ unsafe, synchronousCommit, hearsBell }: State): Finding {
  if (unsafe.length > 0)
    return fail(
      `${unsafe.join(' and ')} off: a crash of the server can lose acknowledged jobs`,
      'switch it on in postgresql.conf',
    );
  const isWeak = synchronousCommit === 'off' || synchronousCommit === 'local';
  if (isWeak && !hearsBell)
    return fail(
      `synchronous_commit is ${synchronousCommit} for this role, and a pooler may keep us from raising it`,
      'ALTER ROLE … SET synchronous_commit = on',
    );
  return ok(isWeak ? 'synchronous_commit is raised to on' : `synchronous_commit is ${synchronousCommit}`);
}

function bell({ hearsBell, readOnly }: State): Finding {
  if (hearsBell) return ok('notifications arrive');
  if (readOnly === 'standby') return { verdict: 'not_checked', found: 'a standby has none' };
  return warn(
    'no notification arrives: a pooler in transaction mode? Workers look by themselves, every poll_interval_ms',
    'a URL that leads past the pooler, or a shorter poll_interval_ms',
  );
}

function rights({ missingRights, schema }: State): Finding {
  if (missingRights.length > 0)
    return fail(`the role lacks ${some(missingRights)}`, 'docs/operations.md says what to grant');
  if (schema === null) return { verdict: 'not_checked', found: 'there is no queue in the database yet' };
  return ok('the role has all that a worker needs');
}
