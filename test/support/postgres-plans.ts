/** What PostgreSQL does to answer a statement of the store, as the store has it: prepared, with a plan for any value. */
import pg from 'pg';
import type { Connection } from '../../src/store/postgres/connection.js';
import type { SqlValue } from '../../src/store/rows/row.js';

/** A step of a plan; the numbers are there where the statement was run. */
export interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Actual Rows'?: number;
  readonly 'Actual Loops'?: number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Join Filter'?: number;
  readonly Plans?: readonly PlanNode[];
}

export interface Statement {
  readonly text: string;
  readonly values: readonly SqlValue[];
}

/** Notes every statement that goes over the connection from now on. */
export function noteStatements(connection: Connection): Statement[] {
  const noted: Statement[] = [];
  const noting =
    <T>(query: (text: string, ...values: SqlValue[]) => Promise<T>) =>
    (text: string, ...values: SqlValue[]): Promise<T> => {
      noted.push({ text, values });
      return query(text, ...values);
    };
  connection.rows = noting(connection.rows.bind(connection));
  connection.once = noting(connection.once.bind(connection));
  connection.change = noting(connection.change.bind(connection));
  for (const kind of ['read', 'write'] as const) {
    const transact = connection[kind].bind(connection);
    connection[kind] = (work) =>
      transact((transaction) =>
        work({
          rows: noting((text, ...values) => transaction.rows(text, ...values)),
          once: noting((text, ...values) => transaction.once(text, ...values)),
          exec: (text) => transaction.exec(text),
        }),
      );
  }
  return noted;
}

const ROLLED_BACK = new Error('rolled back');

/** All steps of its plan. `runs`: it is carried out, too, and undone. */
export async function stepsOf(
  connection: Connection,
  { text, values }: Statement,
  runs: boolean,
): Promise<PlanNode[]> {
  let found: PlanNode[] = [];
  const literals = values.map(literalOf).join(', ');
  try {
    await connection.write(async (transaction) => {
      await transaction.exec(`PREPARE explained AS ${text}`);
      try {
        const [row] = await transaction.once(
          `EXPLAIN (ANALYZE ${runs}, TIMING OFF, FORMAT JSON) EXECUTE explained${literals === '' ? '' : `(${literals})`}`,
        );
        if (row === undefined) throw new Error('an EXPLAIN has one answer');
        const [{ Plan: plan }] = row['QUERY PLAN'] as [{ Plan: PlanNode }];
        found = allOf(plan);
      } finally {
        await transaction.exec('DEALLOCATE explained').catch(() => undefined);
      }
      throw ROLLED_BACK;
    });
  } catch (error) {
    if (error !== ROLLED_BACK) throw error;
  }
  return found;
}

function literalOf(value: SqlValue): string {
  if (value === null) return 'NULL';
  if (value instanceof Uint8Array) return `'\\x${Buffer.from(value).toString('hex')}'`;
  return pg.escapeLiteral(String(value));
}

function allOf(node: PlanNode): PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(allOf)];
}

/** How many rows of `jobs` were looked at, those that were dropped included. */
export function visits(steps: readonly PlanNode[]): number {
  const scans = steps.filter(
    (step) => step['Relation Name'] === 'jobs' && step['Node Type'].includes('Scan'),
  );
  return scans.reduce((sum, step) => {
    const rows = (step['Actual Rows'] ?? 0) + (step['Rows Removed by Filter'] ?? 0);
    return sum + rows * (step['Actual Loops'] ?? 0);
  }, 0);
}

/** How many pairs of rows a join has compared for nothing: where it goes through one side again and again, a square. */
export function comparisons(steps: readonly PlanNode[]): number {
  return steps.reduce(
    (sum, step) => sum + (step['Rows Removed by Join Filter'] ?? 0) * (step['Actual Loops'] ?? 0),
    0,
  );
}
