/** All checks in their order: what one finds decides whether those behind it can look at all. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSettings } from '../../config.js';
import { QueueError } from '../../errors.js';
import { openStore } from '../../store/open-store.js';
import { schemaOf } from '../../store/sqlite/check.js';
import { requireSqlite } from '../../store/sqlite/schema.js';
import type { Store } from '../../store/store.js';
import { beats } from './beats.js';
import { fail, ok, warn } from './check.js';
import type { Check, Finding, OpenPatient, Patient } from './check.js';
import { clock, counters, integrity, logSize } from './database.js';
import { diskSpace, fileSystem } from './disk.js';
import { launcher, limits } from './machine.js';
import { permissions } from './permissions.js';
import { lookAtServer } from './server.js';
import { pausedQueues, settings, workers } from './service.js';
import { deadWorkers, leftFiles, orphans } from './sessions.js';

export interface Result extends Finding {
  readonly check: string;
  /** What was done about it. */
  readonly fixed: readonly string[];
}

const OF_HOME: readonly Check[] = [permissions, fileSystem, diskSpace, settings];
const OF_MACHINE: readonly Check[] = [launcher, limits];
/** They read tables: of a corrupt database they would say what is not so. */
const OF_TABLES: readonly Check<OpenPatient>[] = [
  counters,
  clock,
  deadWorkers,
  orphans,
  leftFiles,
  pausedQueues,
  workers,
];

const OF_SHARED_TABLES = [...OF_TABLES, beats];

/** Yields each result as it is found. Throws nothing that a check can meet: that is its finding. */
export async function* examine(patient: Patient, fix: boolean): AsyncGenerator<Result, void, undefined> {
  const hasHome = isThere(patient.home);
  const none = `there is no queue in ${patient.home} yet`;
  for (const check of OF_HOME) yield hasHome ? await apply(check, patient, fix) : notChecked(check, none);
  for (const check of OF_MACHINE) yield await apply(check, patient, fix);
  const url = databaseUrl(patient);
  if (url !== null) return yield* examineOnServer(patient, url, fix);
  const schema = hasHome && isThere(databaseOf(patient)) ? await lookAtSchema(patient, fix) : null;
  yield schema?.result ?? notChecked({ name: 'schema' }, none);
  const store = schema?.store ?? null;
  if (store === null) {
    const why = schema === null ? none : 'the database could not be opened';
    for (const check of [integrity, logSize, ...OF_TABLES]) yield notChecked(check, why);
    return;
  }
  try {
    const open = { ...patient, store };
    const sound = await apply(integrity, open, fix);
    yield sound;
    yield await apply(logSize, open, fix);
    for (const check of OF_TABLES)
      yield sound.verdict === 'fail'
        ? notChecked(check, 'the database is corrupt')
        : await apply(check, open, fix);
  } finally {
    await store.close();
  }
}

/** Its files are the server's affair; a home that is not there yet is not made. */
async function* examineOnServer(
  patient: Patient,
  url: string,
  fix: boolean,
): AsyncGenerator<Result, void, undefined> {
  const server = await lookAtServer(url, patient.lockTimeoutMs);
  for (const [check, finding] of server.findings) yield { check, ...finding, fixed: [] };
  const { found, known } = server;
  if (server.isUsable && found !== null && (found >= known || fix)) {
    const home = isThere(patient.home) ? patient.home : mkdtempSync(join(tmpdir(), 'queuectl-doctor-'));
    let store: Store | null = null;
    try {
      store = await openStore(url, { lockTimeoutMs: patient.lockTimeoutMs, home });
      const fixed = found < known ? [`brought the schema from ${found} to ${known}`] : [];
      yield { check: 'schema', ...ok(`schema ${known}`), fixed };
      for (const check of OF_SHARED_TABLES) yield await apply(check, { ...patient, store }, fix);
    } catch (error) {
      yield { check: 'schema', ...failure(error), fixed: [] };
      for (const check of OF_SHARED_TABLES) yield notChecked(check, 'the database could not be opened');
    } finally {
      await store?.close();
      if (home !== patient.home) rmSync(home, { recursive: true, force: true });
    }
    return;
  }
  const finding =
    found === null
      ? { verdict: 'not_checked' as const, found: 'there is no queue in the database yet' }
      : schemaIsOld(found, known);
  yield { check: 'schema', ...finding, fixed: [] };
  for (const check of OF_SHARED_TABLES) yield notChecked(check, 'the database was not opened');
}

/** Null: the queue is in the home, or the settings cannot be read, which is a finding of its own. */
function databaseUrl({ home, env }: Patient): string | null {
  try {
    return loadSettings(home, env).database;
  } catch {
    return null;
  }
}

function schemaIsOld(found: number, known: number): Finding {
  return warn(`schema ${found}, this queuectl makes it ${known}`, 'any other command, or --fix, does it');
}

async function apply<P extends Patient>(check: Check<P>, patient: P, fix: boolean): Promise<Result> {
  const fixed: string[] = [];
  try {
    let finding = await check.look(patient);
    if (fix && check.mend !== undefined && finding.verdict !== 'ok') {
      fixed.push(...(await check.mend(patient)));
      finding = await check.look(patient);
    }
    return { check: check.name, ...finding, fixed };
  } catch (error) {
    return { check: check.name, ...failure(error), fixed };
  }
}

function notChecked({ name }: Pick<Check, 'name'>, found: string): Result {
  return { check: name, verdict: 'not_checked', found, fixed: [] };
}

function failure(error: unknown): Finding {
  if (error instanceof QueueError) return fail(error.message, error.hint);
  return fail(error instanceof Error ? error.message : String(error));
}

/** Opens the store where that changes nothing, or a change was asked for. */
async function lookAtSchema(
  patient: Patient,
  fix: boolean,
): Promise<{ readonly result: Result; readonly store: Store | null }> {
  const fixed: string[] = [];
  const is = (finding: Finding, store: Store | null = null) => ({
    result: { check: 'schema', ...finding, fixed },
    store,
  });
  try {
    const path = databaseOf(patient);
    if (statSync(path).size === 0)
      return is(warn('the database is empty', 'the next command makes it, or says why it cannot'));
    const { found, known, sqlite } = await schemaOf(path, patient.lockTimeoutMs);
    requireSqlite(sqlite);
    if (found < known && !fix) return is(schemaIsOld(found, known));
    const store = await openStore(patient.home, { lockTimeoutMs: patient.lockTimeoutMs });
    if (found < known) fixed.push(`brought the schema from ${found} to ${known}`);
    return is(ok(`schema ${known}, SQLite ${sqlite}`), store);
  } catch (error) {
    return is(failure(error));
  }
}

function databaseOf({ home }: Patient): string {
  return join(home, 'queue.db');
}

function isThere(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return true; // It cannot be looked at: the checks say why.
  }
}
