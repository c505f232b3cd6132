import { LostServers } from './lost-servers.ts';
import { RetryBudget } from './retry-budget.ts';

/** What the requests of one proxy may cost servers beyond being asked once. */
export class Retries {
  readonly #isAllowed: boolean;
  readonly #failures: RetryBudget;
  readonly #answers: RetryBudget;
  readonly #lost = new LostServers();
  #denied = 0;

  /** `percent`: retries per hundred requests; 0: none that costs a server anything. `floor`: retries available after silence. */
  constructor(percent: number, floor?: number) {
    this.#isAllowed = percent > 0;
    this.#failures = new RetryBudget(percent, floor);
    this.#answers = new RetryBudget(percent, floor);
  }

  /** How often a request was not repeated because the budget was spent. */
  get denied(): number {
    return this.#denied;
  }

  /** A request arrived. */
  deposit(): void {
    this.#failures.deposit();
    this.#answers.deposit();
  }

  /** Whether a request may be repeated after a failure. */
  withdraw(): boolean {
    return this.#counted(this.#failures.withdraw());
  }

  /**
   * Whether a request may be repeated after an answer that its own words can bring about: a client who asks for such answers
   * all the time must not use up what others need when a server fails.
   */
  withdrawForAnswer(): boolean {
    return this.#counted(this.#answers.withdraw());
  }

  /** Whether a request may be repeated whose connection to `server` is lost `now`, sent at `startedAt` (milliseconds). */
  afterLoss(server: string, startedAt: number, now: number): boolean {
    return (this.#isAllowed && this.#lost.covers(server, startedAt, now)) || this.withdraw();
  }

  #counted(isAfforded: boolean): boolean {
    if (!isAfforded) this.#denied++;
    return isAfforded;
  }
}
