/** What becomes of an item that was worked on. */
export type Worked = 'done' | 'retry' | { readonly afterMs: number };

export interface WorkQueueOptions<Item> {
  readonly workers: number;
  readonly work: (item: Item) => Promise<Worked>;
  /** Pause before the first retry of an item; it doubles with each. Milliseconds. */
  readonly baseMs?: number;
  readonly maxMs?: number;
  /** Called when nothing is ready and nothing is being worked on; items may still wait for their retry. */
  readonly onIdle?: () => void;
}

/**
 * Items to work on, each at most once at a time; one that is added meanwhile is worked on again. Retries are delayed per
 * item (client-go util/workqueue, ItemExponentialFailureRateLimiter). Nothing is worked on before `start`. `work` must not
 * reject.
 */
export class WorkQueue<Item> {
  readonly #options: Required<Omit<WorkQueueOptions<Item>, 'onIdle'>> & Pick<WorkQueueOptions<Item>, 'onIdle'>;
  readonly #ready = new Set<Item>();
  readonly #working = new Set<Item>();
  readonly #again = new Set<Item>();
  readonly #retries = new Map<Item, number>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #state: 'waiting' | 'running' | 'closed' = 'waiting';

  constructor(options: WorkQueueOptions<Item>) {
    this.#options = { baseMs: 5, maxMs: 1_000_000, ...options };
  }

  get isIdle(): boolean {
    return this.#ready.size === 0 && this.#working.size === 0;
  }

  add(item: Item): void {
    if (this.#state === 'closed') return;
    if (this.#working.has(item)) this.#again.add(item);
    else this.#ready.add(item);
    this.#next();
  }

  addAfter(item: Item, ms: number): void {
    if (this.#state === 'closed') return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.add(item);
    }, ms);
    this.#timers.add(timer);
  }

  addRateLimited(item: Item): void {
    const { baseMs, maxMs } = this.#options;
    const retries = this.#retries.get(item) ?? 0;
    this.#retries.set(item, retries + 1);
    this.addAfter(item, Math.min(baseMs * 2 ** retries, maxMs));
  }

  start(): void {
    if (this.#state !== 'waiting') return;
    this.#state = 'running';
    this.#next();
    if (this.isIdle) this.#options.onIdle?.();
  }

  /** Drops everything; what is being worked on ends by itself. */
  close(): void {
    this.#state = 'closed';
    this.#ready.clear();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #next(): void {
    for (const item of this.#ready) {
      if (this.#state !== 'running' || this.#working.size >= this.#options.workers) return;
      this.#ready.delete(item);
      this.#working.add(item);
      void this.#options.work(item).then((worked) => this.#over(item, worked));
    }
  }

  #over(item: Item, worked: Worked): void {
    this.#working.delete(item);
    if (worked === 'retry') this.addRateLimited(item);
    else {
      this.#retries.delete(item);
      if (worked !== 'done') this.addAfter(item, worked.afterMs);
    }
    if (this.#again.delete(item)) this.add(item);
    this.#next();
    if (this.#state === 'running' && this.isIdle) this.#options.onIdle?.();
  }
}
