import { ClientSlots } from './client-slots.ts';
import { nextPlan } from './mix.ts';
import { RequestCheck } from './request-check.ts';
import type { Caller } from './soak-client.ts';
import { type Report, Tally } from './tally.ts';
import { TunnelCheck } from './tunnel-check.ts';
import { WatchCheck } from './watch-check.ts';

const TICK_MS = 10;
/** What was not sent because this process was late is not made up for beyond that. */
const CATCH_UP_MS = 50;
/** Requests under way, beyond which none is sent. */
const MAX_OPEN = 400;
const H1_SHARE = 0.2;
const TUNNELS = 12;
/** Opened at once at most. */
const WATCHES_PER_TICK = 2;
const QUIET_POLL_MS = 20;

/** A mixed load: requests at a rate that can be changed, and a number of watches and switched connections kept open. */
export class LoadGenerator {
  rate = 0;
  readonly #tally = new Tally();
  readonly #callers: readonly [Caller, ...Caller[]];
  readonly #watchTarget: number;
  readonly #h2: ClientSlots;
  readonly #h1: ClientSlots;
  readonly #watchers: readonly ClientSlots[];
  readonly #watches = new Set<WatchCheck>();
  readonly #tunnels = new Set<TunnelCheck>();
  #open = 0;
  #due = 0;
  #lastTick = 0;
  #timer: NodeJS.Timeout | undefined;

  /** `callers`: who asks, in turn. */
  constructor(callers: readonly [Caller, ...Caller[]], watches: number) {
    this.#callers = callers;
    this.#watchTarget = watches;
    const h1Watches = Math.ceil(watches * H1_SHARE);
    const slots = (protocol: 'h2' | 'http/1.1', count: number, room: number) =>
      new ClientSlots({ callers, protocol, count, room }, this.#tally);
    this.#h2 = slots('h2', 10, 60);
    this.#h1 = slots('http/1.1', 4, 15);
    this.#watchers = [
      slots('h2', 5, Math.ceil((watches - h1Watches) / 5)),
      slots('http/1.1', 4, Math.ceil(h1Watches / 4)),
    ];
  }

  start(): void {
    if (this.#timer !== undefined) return;
    for (const slots of this.#allSlots()) slots.open();
    this.#lastTick = performance.now();
    this.#due = 0;
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** Sends nothing more; resolves when everything has ended and every connection is given up. */
  async quiet(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const watch of this.#watches) watch.cancel();
    for (const tunnel of this.#tunnels) tunnel.cancel();
    while (this.#open + this.#watches.size + this.#tunnels.size > 0) {
      await new Promise((resolve) => setTimeout(resolve, QUIET_POLL_MS));
    }
    for (const slots of this.#allSlots()) slots.close();
  }

  report(): Report {
    return this.#tally.take(this.#open, this.#watches.size);
  }

  #allSlots(): readonly ClientSlots[] {
    return [this.#h2, this.#h1, ...this.#watchers];
  }

  #tick(): void {
    const now = performance.now();
    this.#due = Math.min(this.#due + ((now - this.#lastTick) / 1000) * this.rate, (this.rate * CATCH_UP_MS) / 1000 + 1);
    this.#lastTick = now;
    for (; this.#due >= 1 && this.#open < MAX_OPEN; this.#due -= 1) this.#send();
    for (let i = 0; i < WATCHES_PER_TICK && this.#watches.size < this.#watchTarget; i++) this.#watch();
    if (this.#tunnels.size < TUNNELS && Math.random() < 0.1) this.#tunnel();
  }

  #send(): void {
    const client = (Math.random() < H1_SHARE ? this.#h1 : this.#h2).any();
    if (client === undefined) return;
    this.#open += 1;
    this.#tally.issued += 1;
    new RequestCheck(nextPlan(client.protocol), client, this.#tally, () => {
      this.#open -= 1;
    });
  }

  #watch(): void {
    const [h2, h1] = this.#watchers;
    const client = (Math.random() < H1_SHARE ? h1 : h2)?.any();
    if (client === undefined) return;
    this.#tally.issued += 1;
    const watch: WatchCheck = new WatchCheck(client, this.#tally, () => this.#watches.delete(watch));
    this.#watches.add(watch);
  }

  #tunnel(): void {
    const caller = this.#callers[this.#tally.issued % this.#callers.length] ?? this.#callers[0];
    this.#tally.issued += 1;
    const tunnel: TunnelCheck = new TunnelCheck(caller, this.#tally, () => this.#tunnels.delete(tunnel));
    this.#tunnels.add(tunnel);
  }
}
