/** The URL of a database on a server, which is a secret: what stands in it is never shown. Pure. */
import { usageError } from '../errors.js';

const FORM = 'postgres://user@host/database';

export function isDatabaseUrl(text: string): boolean {
  return /^postgres(ql)?:\/\//i.test(text);
}

/** Throws `usage`, without what it was given. */
export function readDatabaseUrl(value: unknown, label: string): string {
  if (typeof value === 'string' && isDatabaseUrl(value) && URL.canParse(value)) return value;
  throw usageError(`${label} must be the URL of a PostgreSQL database`, FORM);
}

/** `host:port/database`: what a person needs to know it by, and nothing that gives access. */
export function databaseName(url: string): string {
  const { hostname, port, pathname, searchParams } = new URL(url);
  const host = searchParams.get('host') ?? decodeURIComponent(hostname);
  return `${host}${port === '' ? '' : `:${port}`}${pathname}`;
}

/** For people who look at their settings: with the user, and nothing that gives access. */
export function maskedUrl(url: string): string {
  const { username, password, search } = new URL(url);
  const user = `${username}${password === '' ? '' : ':***'}${username + password === '' ? '' : '@'}`;
  return `postgres://${user}${databaseName(url)}${search === '' ? '' : '?***'}`;
}
