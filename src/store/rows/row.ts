/** What the drivers of both databases hand over, and what they are handed. */
export type SqlValue = number | string | null | Uint8Array;
export type Row = Readonly<Record<string, unknown>>;
