/** The numbers of a worker's slots, from 1: a run gets the lowest that is free. */
export class FreeSlots {
  readonly #taken: boolean[] = [];
  /** None below is free. */
  #lowest = 1;

  take(): number {
    while (this.#taken[this.#lowest] === true) this.#lowest += 1;
    this.#taken[this.#lowest] = true;
    return this.#lowest;
  }

  free(slot: number): void {
    this.#taken[slot] = false;
    this.#lowest = Math.min(this.#lowest, slot);
  }
}
