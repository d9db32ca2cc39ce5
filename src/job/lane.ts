/** Where jobs wait that are alike for a claim. */
export interface Lane {
  readonly queue: string;
  /** '' for commands. */
  readonly handler: string;
}
