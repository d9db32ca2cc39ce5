/** Logs in parts. A part is a row, which the server compresses: a third of the write-ahead log and of the disk, of text. */
import type { Row, SqlValue } from '../rows/row.js';
import type { LogPart } from '../../log-part.js';
import type { LogOf, LogProgress, LogStore, NewLogPart } from '../logs.js';
import { plainArray } from './arrays.js';
import type { Connection } from './connection.js';

/**
 * All bytes travel as one parameter, for the driver hands it over as it is: in an array, as text, they would cost ten times
 * the processor. The rows of the jobs are held until the commit, so that no part is left of a job that is being removed;
 * of those that are gone nothing is written.
 */
const PUT = `
  WITH given AS MATERIALIZED (
    SELECT * FROM unnest($1::bigint[], $2::integer[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::integer[],
      $8::integer[]) AS g (seq, run, at, last_us, printed, resume_at, skip, length)
  ),
  living AS MATERIALIZED (
    SELECT seq FROM queuectl.jobs WHERE seq = ANY ($1::bigint[]) ORDER BY seq FOR KEY SHARE
  ),
  replaced AS (
    DELETE FROM queuectl.log_parts p USING given g
    WHERE p.seq = g.seq AND p.run = g.run AND p.at > g.at AND p.at < g.at + g.length
  ),
  dropped AS (
    DELETE FROM queuectl.log_parts p USING given g
    WHERE p.seq = g.seq AND p.run = g.run AND p.at > g.at AND p.at < (
      SELECT max(q.at) FROM queuectl.log_parts q WHERE q.seq = g.seq AND q.run = g.run AND q.at <= g.resume_at)
  ),
  put AS (
    INSERT INTO queuectl.log_parts (seq, run, at, last_us, printed, resume_at, bytes)
    SELECT g.seq, g.run, g.at, g.last_us, g.printed, g.resume_at, substring($9::bytea FROM g.skip + 1 FOR g.length)
    FROM given g JOIN living l ON l.seq = g.seq ORDER BY g.seq, g.run, g.at
    ON CONFLICT (seq, run, at) DO UPDATE SET last_us = excluded.last_us, printed = excluded.printed,
      resume_at = excluded.resume_at, bytes = excluded.bytes
  )
  SELECT DISTINCT g.seq FROM given g WHERE NOT EXISTS (SELECT 1 FROM living l WHERE l.seq = g.seq)`;

async function putParts(connection: Connection, parts: readonly NewLogPart[]): Promise<number[]> {
  let skip = 0;
  const skips = parts.map(({ bytes }) => (skip += bytes.length) - bytes.length);
  const columns = [
    parts.map(({ seq }) => seq),
    parts.map(({ run }) => run),
    parts.map(({ at }) => at),
    parts.map(({ lastUs }) => lastUs),
    parts.map(({ printed }) => printed),
    parts.map(({ resumeAt }) => resumeAt),
    skips,
    parts.map(({ bytes }) => bytes.length),
  ].map(plainArray);
  const gone = await connection.change(PUT, ...columns, Buffer.concat(parts.map(({ bytes }) => bytes)));
  return gone.map((row) => Number(row['seq']));
}

const BASE_64 = `encode(bytes, 'base64')`;

/**
 * One snapshot: what the gap drops is never among what is read behind it. The driver reads all values as text, and the
 * server's own text of a part is longer than 128 KiB, above which each text costs Node a mapping of memory: in base 64 it
 * takes a tenth of the processor.
 */
const READ = `
  (SELECT at, last_us, printed, resume_at, ${BASE_64} AS bytes, false AS is_cut FROM queuectl.log_parts
    WHERE seq = $1 AND run = $2 AND at >= coalesce(
      (SELECT max(at) FROM queuectl.log_parts WHERE seq = $1 AND run = $2 AND at <= $3::bigint), 0)
    ORDER BY at LIMIT $5::integer)
  UNION ALL
  SELECT at, last_us, printed, resume_at, ${BASE_64}, true FROM queuectl.log_parts WHERE seq = $1 AND run = $2 AND at = $4::bigint`;

const LIST = `
  SELECT at, last_us, printed, resume_at FROM queuectl.log_parts
  WHERE seq = $1 AND run = $2 ORDER BY at DESC LIMIT 100000`;

const PROGRESS = `
  SELECT coalesce((SELECT octet_length(bytes) = 0 FROM queuectl.log_parts WHERE seq = $1 AND run = $2
      ORDER BY at DESC LIMIT 1), false) AS is_whole,
    EXISTS (SELECT 1 FROM queuectl.jobs WHERE seq = $1 AND run = $2 AND state = 'processing') OR EXISTS (
      SELECT 1 FROM queuectl.runs r JOIN queuectl.workers w ON w.session_id = r.session_id
      WHERE r.seq = $1 AND r.run = $2) AS is_coming`;

const FORGET = `
  DELETE FROM queuectl.log_parts p USING unnest($1::bigint[], $2::integer[]) AS a (seq, run)
  WHERE p.seq = a.seq AND p.run = a.run`;

/** Those that are whole here have no use for more. A worker's row stays until it has sent what it can, or was found to be dead. */
const LEFT = `
  SELECT a.seq, a.run FROM unnest($1::bigint[], $2::integer[]) AS a (seq, run)
  WHERE NOT EXISTS (SELECT 1 FROM queuectl.jobs j WHERE j.seq = a.seq AND j.run = a.run AND j.state = 'processing')
    AND NOT EXISTS (
      SELECT 1 FROM queuectl.runs r JOIN queuectl.workers w ON w.session_id = r.session_id
      WHERE r.seq = a.seq AND r.run = a.run)
    AND NOT coalesce((
      SELECT octet_length(bytes) = 0 FROM queuectl.log_parts p WHERE p.seq = a.seq AND p.run = a.run
      ORDER BY at DESC LIMIT 1), false)`;

export function createLogs(connection: Connection): LogStore {
  return {
    putParts: (parts) => putParts(connection, parts),
    readParts: async ({ seq, run }, offset, cutAt, most) => {
      const rows = await connection.rows(READ, seq, run, offset, cutAt, most);
      const cut = rows.find((row) => row['is_cut'] === true);
      return {
        parts: rows.filter((row) => row['is_cut'] === false).map(toPart),
        cut: cut === undefined ? null : toPart(cut),
      };
    },
    listParts: async ({ seq, run }) => (await connection.rows(LIST, seq, run)).map(toPart).toReversed(),
    progressOf: async ({ seq, run }) => toProgress((await connection.rows(PROGRESS, seq, run))[0]),
    forgetLogs: async (logs) => void (await connection.change(FORGET, ...keyColumns(logs))),
    leftBehind: async (logs) =>
      (await connection.rows(LEFT, ...keyColumns(logs))).map((row) => ({
        seq: Number(row['seq']),
        run: Number(row['run']),
      })),
  };
}

function toPart(row: Row): LogPart {
  return {
    at: Number(row['at']),
    lastUs: Number(row['last_us']),
    printed: Number(row['printed']),
    resumeAt: row['resume_at'] === null ? null : Number(row['resume_at']),
    bytes: typeof row['bytes'] === 'string' ? Buffer.from(row['bytes'], 'base64') : new Uint8Array(),
  };
}

function toProgress(row: Row | undefined): LogProgress {
  if (row?.['is_whole'] === true) return 'whole';
  return row?.['is_coming'] === true ? 'coming' : 'left';
}

function keyColumns(logs: readonly LogOf[]): SqlValue[] {
  return [plainArray(logs.map(({ seq }) => seq)), plainArray(logs.map(({ run }) => run))];
}
