import { processorMs } from '../performance/rivals/process-usage.ts';
import type { SoakLoad } from './soak-load.ts';

const STEP_MS = 1_000;
/** The processor time of so many steps is looked at together. */
const STEPS = 4;
const FIRST_RATE = 300;
const GAIN = 0.3;
const LARGEST_STEP = { up: 0.15, down: 0.25 };
/** How much more may be asked for than is sent: when the clients cannot keep up, more does not help. */
const HEADROOM = 1.5;

/** Sends as many requests as keep the proxy at a share of one processor. */
export class Pacer {
  rate = FIRST_RATE;
  /** Sent per second, as the clients last said. */
  issued = 0;
  readonly #load: SoakLoad;
  readonly #pid: number;
  readonly #target: number;
  #seen: { readonly at: number; readonly processorMs: number }[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(load: SoakLoad, pid: number, target: number) {
    this.#load = load;
    this.#pid = pid;
    this.#target = target;
  }

  start(): void {
    this.#seen = [];
    this.#load.rate = this.rate;
    this.#timer = setInterval(() => this.#step(), STEP_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #step(): void {
    this.#seen.push({ at: performance.now(), processorMs: processorMs(this.#pid) });
    if (this.#seen.length <= STEPS) return;
    const first = this.#seen.shift();
    const last = this.#seen.at(-1);
    if (first === undefined || last === undefined) return;
    const share = (last.processorMs - first.processorMs) / (last.at - first.at);
    const step = (GAIN * (this.#target - share)) / this.#target;
    const bounded = Math.min(LARGEST_STEP.up, Math.max(-LARGEST_STEP.down, step));
    const most = this.issued === 0 ? Number.POSITIVE_INFINITY : this.issued * HEADROOM + FIRST_RATE;
    this.rate = Math.max(FIRST_RATE / 4, Math.min(this.rate * (1 + bounded), most));
    this.#load.rate = this.rate;
  }
}
