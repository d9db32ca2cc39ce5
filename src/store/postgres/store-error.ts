import { QueueError } from '../../errors.js';
import { CONNECTION_LOST, errorCode } from './driver.js';

type Explanation = readonly [
  code: 'unavailable' | 'not_permitted' | 'store_lost',
  what: string,
  hint?: string,
];

const REACH = 'check that the server runs and can be reached from here';
const RESTORE = 'stop all workers, and restore the database from a backup';
const GRANT = 'docs/operations.md says which rights its role needs';

/** By the server's codes (SQLSTATE) and Node's. */
const EXPLANATIONS: Readonly<Record<string, Explanation>> = {
  ECONNREFUSED: ['unavailable', 'cannot be reached: connection refused', REACH],
  ENOTFOUND: ['unavailable', 'cannot be reached: no such host', 'check the URL of the database'],
  EAI_AGAIN: ['unavailable', 'cannot be reached: its name cannot be looked up', REACH],
  ENOENT: ['unavailable', 'cannot be reached: no server listens on that socket', REACH],
  EACCES: [
    'not_permitted',
    'cannot be reached: no permission for its socket',
    'check the URL of the database',
  ],
  ETIMEDOUT: ['unavailable', 'does not answer', REACH],
  EHOSTUNREACH: ['unavailable', 'cannot be reached: no route to its host', REACH],
  ENETUNREACH: ['unavailable', 'cannot be reached: no network', REACH],
  '28000': ['not_permitted', 'refused the user', 'check the user in the URL, and pg_hba.conf'],
  '28P01': ['not_permitted', 'refused the password', 'check the password in the URL, or PGPASSFILE'],
  '3D000': ['unavailable', 'does not exist', 'make it first: createdb'],
  '42P01': ['store_lost', 'has lost its tables: somebody removed them while they were in use', RESTORE],
  '3F000': ['store_lost', 'has lost its tables: somebody removed them while they were in use', RESTORE],
  '42501': ['not_permitted', 'refused: its role lacks a right', GRANT],
  '53100': [
    'unavailable',
    'cannot grow: the disk of the server is full',
    'free some space; nothing was stored',
  ],
  '53300': ['unavailable', 'has no connection left', 'raise max_connections, or put PgBouncer before it'],
  '55P03': ['unavailable', 'is locked by another process', 'try again, or wait longer: --lock-timeout 60s'],
  '25006': [
    'unavailable',
    'is read-only: a standby, or after a failover',
    'try again; the URL must lead to the primary',
  ],
};

const LOST: Explanation = ['unavailable', 'broke off the connection', REACH];

/** The connection is gone, or will not be answered: 08 of any kind, a server that stops or starts, no network. */
export function isConnectionLost(error: unknown): boolean {
  const code = errorCode(error) ?? '';
  // 25P: the server ended a transaction that was silent for too long, as of a process that was stopped.
  return (
    code === CONNECTION_LOST ||
    /^(08|57P0|25P0[34])/.test(code) ||
    /^E(CONN|PIPE|TIMEDOUT|HOST|NET)/.test(code)
  );
}

/** The server is a standby now: the connections that lead to it are of no use. */
export function isReadOnly(error: unknown): boolean {
  return errorCode(error) === '25006';
}

/** An error of the driver as one of ours; anything that is not the database's fault comes back as it is. */
export function storeError(error: unknown, name: string): unknown {
  if (error instanceof QueueError) return error;
  const explanation =
    fileTrouble(error) ??
    certificateTrouble(error) ??
    EXPLANATIONS[errorCode(error) ?? ''] ??
    (isConnectionLost(error) ? LOST : otherTrouble(error));
  if (explanation === undefined) return error;
  const [code, what, hint] = explanation;
  return new QueueError(code, `the database ${name} ${what}`, hint, { cause: error });
}

/** A file that the URL names for TLS; to Node it looks like a socket that is not there. */
function fileTrouble(error: unknown): Explanation | undefined {
  if (!(error instanceof Error) || !('syscall' in error) || error.syscall !== 'open') return undefined;
  const path = 'path' in error ? String(error.path) : 'a file';
  const why = errorCode(error) === 'ENOENT' ? 'no such file' : 'it cannot be read';
  const hint = 'check sslrootcert, sslcert and sslkey in its URL';
  return ['not_permitted', `cannot be reached: ${path}: ${why}`, hint];
}

/** By OpenSSL's names, and Node's for a name that does not match. */
const NOT_TRUSTED = /^(SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_(VERIFY|GET_ISSUER)|CERT_|ERR_TLS_CERT)/;

function certificateTrouble(error: unknown): Explanation | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error.message === 'The server does not support SSL connections')
    return [
      'not_permitted',
      'does not speak TLS, which its URL asks for',
      'switch on ssl in postgresql.conf',
    ];
  if (!NOT_TRUSTED.test(errorCode(error) ?? '')) return undefined;
  const hint = 'sslrootcert=FILE in its URL names the certificate to trust';
  return ['not_permitted', `has a certificate that is not trusted: ${error.message}`, hint];
}

/** 53: out of something; 57: somebody stopped the statement; 58: trouble of its machine; XX: corrupt, or a bug. */
function otherTrouble(error: unknown): Explanation | undefined {
  const code = errorCode(error) ?? '';
  if (!/^(40|53|57|58|XX)/.test(code) || !(error instanceof Error)) return undefined;
  return ['unavailable', `is in trouble: ${error.message}`, 'see the log of the server'];
}
