// Pauses between attempts: 1 s doubling to 30 s, each moved by up to a half at random, so that the
// browsers that lost a server together do not come back together.

const FIRST_MS = 1_000;
const MAX_MS = 30_000;

export class Backoff {
  #failures = 0;
  readonly #random: () => number;

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** Milliseconds to wait before the next attempt. */
  nextPause(): number {
    const pause = Math.min(FIRST_MS * 2 ** this.#failures, MAX_MS);
    this.#failures += 1;
    return Math.min(pause * (0.5 + this.#random()), MAX_MS);
  }

  succeeded(): void {
    this.#failures = 0;
  }
}
