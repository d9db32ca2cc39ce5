/** The numbers of the slots that are free, from 1 on. */
export class SlotNumbers {
  readonly #free: number[];

  constructor(total: number) {
    this.#free = Array.from({ length: total }, (_, index) => index + 1);
  }

  /** The lowest that is free; null: none is. */
  get lowest(): number | null {
    return this.#free[0] ?? null;
  }

  take(): number | null {
    return this.#free.shift() ?? null;
  }

  giveBack(slot: number): void {
    const next = this.#free.findIndex((free) => free > slot);
    this.#free.splice(next < 0 ? this.#free.length : next, 0, slot);
  }
}
