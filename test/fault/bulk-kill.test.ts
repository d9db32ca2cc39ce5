import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { BINARY, takeDatabase } from '../support/test-database.js';
import { runBulkKill } from './bulk/bulk-kill.js';
import { newSeed, Random } from './harness/random.js';

const LINES = 20_000;

test('a bulk enqueue that is killed again and again and repeated stores each line exactly once', async () => {
  const seed = newSeed();
  console.log(`seed ${seed}`);
  const directory = mkdtempSync(join(tmpdir(), 'queuectl-bulk-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const random = new Random(seed);
  const taken = takeDatabase();
  onTestFinished(() => taken?.giveBack());
  const { kills, ...figures } = await runBulkKill({
    cli: BINARY,
    directory,
    database: taken?.url ?? null,
    lines: LINES,
    kills: 8,
    random,
  });
  expect(figures).toMatchObject({
    rows: LINES,
    distinctIds: LINES,
    wrong: 0,
    pendingCounter: LINES,
    damage: [],
  });
  expect(kills.length).toBeGreaterThan(0);
  for (const [index, { acknowledged, stored }] of kills.entries()) {
    expect(stored).toBeGreaterThanOrEqual(Math.max(acknowledged, kills[index - 1]?.stored ?? 0));
    // Whole transactions.
    expect(stored % 1000).toBe(0);
  }
}, 300_000);
