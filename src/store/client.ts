/**
 * A connection of a program's own, inside of a transaction of its own: a `Client` or `PoolClient` of pg, or what is made to
 * look like one. No pool: each of its statements may take another connection.
 */
export interface TransactionClient {
  query(
    text: string,
    values: unknown[],
  ): Promise<{ readonly rows: readonly Readonly<Record<string, unknown>>[] }>;
}
