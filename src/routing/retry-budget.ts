/**
 * Keeps retries to a share of the requests, so that a failing server is not buried under repetitions.
 * Every request deposits `share`; a retry takes one whole unit. The floor lets quiet proxies retry too, and it must hold
 * all reads that are under way on one server: when that server dies, they fail at the same moment.
 */
export class RetryBudget {
  readonly #share: number;
  readonly #most: number;
  #units: number;

  /** `percent`: retries per hundred requests. `floor`: retries available after silence. */
  constructor(percent: number, floor = 100) {
    this.#share = percent / 100;
    this.#most = Math.max(floor, percent);
    this.#units = percent > 0 ? floor : 0;
  }

  deposit(): void {
    this.#units = Math.min(this.#most, this.#units + this.#share);
  }

  /** False: the budget is spent and the failure has to be answered. */
  withdraw(): boolean {
    if (this.#units < 1) return false;
    this.#units -= 1;
    return true;
  }
}
