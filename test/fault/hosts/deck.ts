/** Faults as cards: each comes once before any comes again, in an order that chance makes. */
import type { Random } from '../harness/random.js';

export interface Card {
  readonly name: string;
  /** False: it could not be done just now. */
  readonly play: () => Promise<boolean>;
}

export class Deck {
  readonly #random: Random;
  readonly #cards: readonly Card[];
  #left: Card[] = [];
  /** How often each was played, by name. */
  readonly played = new Map<string, number>();

  constructor(random: Random, cards: readonly Card[]) {
    this.#random = random;
    this.#cards = cards;
    for (const { name } of cards) this.played.set(name, 0);
  }

  async playNext(): Promise<void> {
    if (this.#left.length === 0) this.#left = [...this.#cards];
    const [card] = this.#left.splice(this.#random.between(0, this.#left.length - 1), 1);
    if (card === undefined) throw new Error('a deck without cards');
    if (await card.play()) this.played.set(card.name, (this.played.get(card.name) ?? 0) + 1);
    // It comes again with the next deal.
  }
}
