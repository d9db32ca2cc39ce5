/**
 * A machine that is gone, or cut off, keeps its connections and their locks on the server for half a minute at most: by
 * default it would be hours. Where the way to the server is a socket of its machine, they mean nothing.
 */
export const KEEPALIVES: Readonly<Record<string, string>> = {
  tcp_keepalives_idle: '10',
  tcp_keepalives_interval: '5',
  tcp_keepalives_count: '3',
  tcp_user_timeout: '25000',
};

/** Columns of a SELECT that set these for the rest of the connection. */
export function setConfig(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `set_config('${name}', '${value}', false)`)
    .join(', ');
}
