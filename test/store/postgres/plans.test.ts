/** How PostgreSQL carries out each statement of the store: never over all jobs. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { Connection } from '../../../src/store/postgres/connection.js';
import { openStore } from '../../../src/store/open-store.js';
import { noPostgres, startServer, whySkipped } from '../../support/postgres.js';
import type { TestServer } from '../../support/postgres.js';
import { noteStatements, stepsOf } from '../../support/postgres-plans.js';
import type { PlanNode, Statement } from '../../support/postgres-plans.js';
import { makeTemporaryHome } from '../../support/stores.js';
import { useStore } from '../../support/use-store.js';

/** Every statement of a store that does everything once. */
async function statementsOf(url: string, home: string): Promise<readonly Statement[]> {
  const open = Connection.open.bind(Connection);
  let noted: readonly Statement[] = [];
  const opening = vi.spyOn(Connection, 'open').mockImplementation(async (...args) => {
    const connection = await open(...args);
    noted = noteStatements(connection);
    return connection;
  });
  const store = await openStore(url, { lockTimeoutMs: 20_000, home });
  opening.mockRestore();
  await useStore(store);
  await store.close();
  return noted;
}

describe.skipIf(noPostgres !== undefined)(`on a server${whySkipped}`, () => {
  let server: TestServer;
  let connection: Connection;
  const { home, remove } = makeTemporaryHome();
  const plans = new Map<string, readonly PlanNode[]>();

  beforeAll(async () => {
    server = await startServer();
    const url = await server.createDatabase();
    const noted = await statementsOf(url, home);
    connection = await Connection.open(url, 20_000);
    for (const statement of noted) {
      const text = statement.text.replaceAll(/\s+/g, ' ').trim();
      if (/^(WITH|SELECT|UPDATE|INSERT|DELETE)\b/.test(text) && /\bjobs\b/.test(text) && !plans.has(text))
        plans.set(text, await stepsOf(connection, statement, false));
    }
  }, 120_000);
  afterAll(async () => {
    await connection.close();
    await server.stop();
    remove();
  });

  test('no statement goes through all jobs', () => {
    expect(plans.size).toBeGreaterThan(25);
    for (const [text, steps] of plans)
      for (const step of steps)
        if (step['Relation Name'] === 'jobs') expect(step['Node Type'], text).not.toBe('Seq Scan');
  });

  test('an exchange finds what is ready, due and owned by the index that was made for it', () => {
    const [, steps] = [...plans].find(([text]) => text.includes('ready AS MATERIALIZED')) ?? [];
    const used = new Set(steps?.map((step) => step['Index Name']));
    for (const index of ['jobs_ready', 'jobs_due', 'jobs_owned']) expect(used).toContain(index);
  });
});
