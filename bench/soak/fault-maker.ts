import { setTimeout as delay } from 'node:timers/promises';
import type { Outcome } from './load/tally.ts';
import type { Order } from './server/misbehaviour.ts';
import type { SoakServer } from './soak-server.ts';

export const FAULT_KINDS = [
  'killed (SIGKILL), started again',
  'hangs (SIGSTOP), goes on',
  'streams reset, with every code',
  'GOAWAY, what is open goes on',
  'GOAWAY with an earlier last stream',
  'connections cut (FIN)',
  'connections cut (RST)',
  'says it goes (/readyz 500), serves on',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** A fault that was made. Times are `Date.now()`. */
export interface MadeFault {
  readonly kind: FaultKind;
  readonly server: string;
  readonly from: number;
  /** Infinite while it goes on. */
  to: number;
}

const BREAKING: ReadonlySet<Outcome> = new Set<Outcome>(['refused', 'in doubt', 'cut', 'lost']);
/** A server that goes in good order breaks nothing; what it alone serves, and what is too long to be sent again, is refused. */
const ORDERLY: ReadonlySet<Outcome> = new Set<Outcome>(['refused']);

/** How a request may end because of a fault. */
export const EXPLAINED: Readonly<Record<FaultKind, ReadonlySet<Outcome>>> = {
  'killed (SIGKILL), started again': BREAKING,
  'hangs (SIGSTOP), goes on': BREAKING,
  'streams reset, with every code': BREAKING,
  'GOAWAY, what is open goes on': ORDERLY,
  'GOAWAY with an earlier last stream': BREAKING,
  'connections cut (FIN)': BREAKING,
  'connections cut (RST)': BREAKING,
  'says it goes (/readyz 500), serves on': ORDERLY,
};

const RESET_SHARE = 0.2;
const GAP_MS = { least: 7_000, most: 12_000 };
/** What is below the last stream of such a GOAWAY ends within it. */
const REFUSING_MS = 6_000;

/** Makes faults one after the other, each kind as often as any other, with a time without any in between. */
export class FaultMaker {
  readonly made: MadeFault[] = [];
  readonly #servers: readonly SoakServer[];
  readonly #random: () => number;
  #deck: FaultKind[] = [];

  constructor(servers: readonly SoakServer[], random: () => number) {
    this.#servers = servers;
    this.#random = random;
  }

  /** Makes faults until `until` (`Date.now()`); resolves when the last one is healed. */
  async run(until: number, report: (line: string) => void): Promise<void> {
    for (;;) {
      await this.#pause(GAP_MS.least, GAP_MS.most);
      if (Date.now() >= until) return;
      const kind = this.#draw();
      const server = this.#serverFor(kind);
      report(`${kind}: ${server.name}`);
      const fault: MadeFault = { kind, server: server.name, from: Date.now(), to: Number.POSITIVE_INFINITY };
      this.made.push(fault);
      await this.#act(kind, server);
      fault.to = Date.now();
    }
  }

  async #act(kind: FaultKind, server: SoakServer): Promise<void> {
    const during = async (order: Order, leastMs: number, mostMs: number): Promise<void> => {
      await server.order(order);
      await this.#pause(leastMs, mostMs);
      await server.order({ kind: 'behave' });
    };
    switch (kind) {
      case 'killed (SIGKILL), started again':
        await server.kill();
        await this.#pause(500, 4_000);
        return server.start();
      case 'hangs (SIGSTOP), goes on':
        server.pause();
        await this.#pause(2_000, 9_000);
        return server.resume();
      case 'streams reset, with every code':
        return during({ kind: 'reset', share: RESET_SHARE }, 3_000, 6_000);
      case 'GOAWAY, what is open goes on':
        for (let count = 0; count < 3; count++) await during({ kind: 'goaway', refusing: false }, 500, 1_500);
        return;
      case 'GOAWAY with an earlier last stream':
        return during({ kind: 'goaway', refusing: true }, REFUSING_MS, REFUSING_MS);
      case 'connections cut (FIN)':
        for (let count = 0; count < 3; count++) await during({ kind: 'cut', abruptly: false }, 300, 1_500);
        return;
      case 'connections cut (RST)':
        for (let count = 0; count < 3; count++) await during({ kind: 'cut', abruptly: true }, 300, 1_500);
        return;
      case 'says it goes (/readyz 500), serves on':
        return during({ kind: 'unready' }, 3_000, 6_000);
    }
  }

  #draw(): FaultKind {
    if (this.#deck.length === 0) this.#deck = this.#shuffled(FAULT_KINDS);
    return this.#deck.pop() ?? 'connections cut (FIN)';
  }

  /** Only our own engine lets a GOAWAY be written past it. */
  #serverFor(kind: FaultKind): SoakServer {
    const able =
      kind === 'GOAWAY with an earlier last stream'
        ? this.#servers.filter(({ options }) => options.engine === 'own')
        : this.#servers;
    const [server] = this.#shuffled(able);
    if (server === undefined) throw new RangeError('there is no server');
    return server;
  }

  #shuffled<T>(items: readonly T[]): T[] {
    return items
      .map((item) => ({ item, order: this.#random() }))
      .sort((a, b) => a.order - b.order)
      .map(({ item }) => item);
  }

  #pause(fromMs: number, toMs: number): Promise<void> {
    return delay(fromMs + this.#random() * (toMs - fromMs));
  }
}
