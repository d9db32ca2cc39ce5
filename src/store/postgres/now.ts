/** The server's clock: every instant in the database is its own, whatever the clocks of the workers say. */
export const NOW_MS = 'floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint';

/** For a statement that needs one instant in many places. */
export const CLOCK = `clock AS MATERIALIZED (SELECT ${NOW_MS} AS now)`;
