import type { Place } from './open-log.js';

const CLOSEST_BYTES = 256 * 1024;
const MOST = 512;

/** Places along the way through a log, never more than a few hundred: the longer the way, the farther apart. */
export class Landmarks {
  #places: Place[] = [];
  #distance = CLOSEST_BYTES;
  #next = 0;

  get places(): readonly Place[] {
    return this.#places;
  }

  /** Whether one is due at this offset. */
  isDue(offset: number): boolean {
    return offset >= this.#next;
  }

  add(place: Place): void {
    if (this.#places.length === MOST) {
      this.#places = this.#places.filter((_, index) => index % 2 === 0);
      this.#distance *= 2;
    }
    this.#places.push(place);
    this.#next = place.offset + this.#distance;
  }
}
