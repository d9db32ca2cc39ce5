/** What `doctor` asks a server before it opens the queue in it. Nothing is changed. */
import { Connection } from './connection.js';
import { MIGRATIONS } from './migrations.js';
import { hearsBell } from './notifications.js';
import { requireServer } from './schema.js';

export interface ServerState {
  /** As the server tells it: "15.14". */
  readonly version: string;
  readonly answeredInMs: number;
  /** Why nothing can be written to it; null: it can. */
  readonly readOnly: 'standby' | 'setting' | null;
  /** Its migrations; null: there is no queue in it yet. */
  readonly schema: number | null;
  readonly knownSchema: number;
  /** Settings of the server that let a crash lose what was committed. */
  readonly unsafe: readonly string[];
  /** What the role gets where a pooler takes our own setting away. */
  readonly synchronousCommit: string;
  /** A notification arrives. Behind a pooler in transaction mode none does. */
  readonly hearsBell: boolean;
  /** Rights that the role lacks, as a GRANT names them. */
  readonly missingRights: readonly string[];
}

const FACTS = `
  SELECT current_setting('server_version') AS version, current_setting('server_version_num')::integer / 10000 AS major,
    pg_is_in_recovery() AS is_standby, current_setting('default_transaction_read_only') AS read_only,
    has_schema_privilege(n.oid, 'USAGE') AS has_usage, n.oid IS NOT NULL AS has_schema,
    (SELECT reset_val FROM pg_settings WHERE name = 'synchronous_commit') AS synchronous_commit,
    (SELECT coalesce(json_agg(name), '[]') FROM pg_settings
      WHERE name IN ('fsync', 'full_page_writes') AND setting = 'off') AS unsafe
  FROM (SELECT to_regnamespace('queuectl')::oid AS oid) n`;

const TABLES = `
  SELECT c.relname AS name, p.wanted
  FROM pg_class c CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS p (wanted)
  WHERE c.relnamespace = to_regnamespace('queuectl') AND c.relkind = 'r' AND c.relname <> 'migrations'
    AND NOT has_table_privilege(c.oid, p.wanted)
  UNION ALL
  SELECT c.relname, 'USAGE' FROM pg_class c
  WHERE c.relnamespace = to_regnamespace('queuectl')
    -- Asked of a table, it is an error, and a condition beside it does not keep it from being asked.
    AND CASE WHEN c.relkind = 'S' THEN NOT has_sequence_privilege(c.oid, 'USAGE') END
  ORDER BY 1, 2`;

/** Throws as a store does where the server cannot be asked. */
export async function examineServer(url: string, lockTimeoutMs: number): Promise<ServerState> {
  const connection = await Connection.open(url, lockTimeoutMs);
  try {
    await connection.rows('SELECT 1');
    const begun = performance.now();
    const [facts] = await connection.once(FACTS);
    const answeredInMs = performance.now() - begun;
    requireServer(Number(facts?.['major']));
    const isStandby = facts?.['is_standby'] === true;
    const hasUsage = facts?.['has_schema'] === true && facts['has_usage'] === true;
    const missing = facts?.['has_schema'] === true && !hasUsage ? ['USAGE ON SCHEMA queuectl'] : [];
    return {
      version: String(facts?.['version']).split(' ')[0] ?? '',
      answeredInMs,
      readOnly: isStandby ? 'standby' : facts?.['read_only'] === 'on' ? 'setting' : null,
      schema: hasUsage ? await schemaOf(connection) : null,
      knownSchema: MIGRATIONS.length,
      unsafe: facts?.['unsafe'] as string[],
      synchronousCommit: String(facts?.['synchronous_commit']),
      hearsBell: !isStandby && (await hearsBell(connection)),
      missingRights: [...missing, ...(hasUsage ? await missingRights(connection) : [])],
    };
  } finally {
    await connection.close();
  }
}

async function schemaOf(connection: Connection): Promise<number | null> {
  const [known] = await connection.once(`SELECT to_regclass('queuectl.migrations') IS NOT NULL AS is_known`);
  if (known?.['is_known'] !== true) return null;
  const [row] = await connection.once('SELECT count(*) AS n FROM queuectl.migrations');
  return Number(row?.['n']);
}

async function missingRights(connection: Connection): Promise<string[]> {
  const rows = await connection.once(TABLES);
  return rows.map((row) => `${String(row['wanted'])} ON queuectl.${String(row['name'])}`);
}
