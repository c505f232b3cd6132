import { H1Client } from './h1-client.ts';
import { H2Client } from './h2-client.ts';
import type { Caller, Protocol, SoakClient } from './soak-client.ts';
import type { Tally } from './tally.ts';

const LIVES_MS = { least: 20_000, most: 90_000 };
/** Of the clients: those that do not wait for what they have asked for when they go. */
const ABANDONING_SHARE = 0.2;

interface Slot {
  readonly caller: Caller;
  client: SoakClient;
  timer: NodeJS.Timeout;
}

export interface ClientSlotsOptions {
  readonly callers: readonly Caller[];
  readonly protocol: Protocol;
  readonly count: number;
  /** Calls at a time, of each client. */
  readonly room: number;
}

/** A number of clients, each of which goes after a while, and another one comes. */
export class ClientSlots {
  readonly protocol: Protocol;
  readonly #options: ClientSlotsOptions;
  readonly #tally: Tally;
  #slots: Slot[] = [];

  constructor(options: ClientSlotsOptions, tally: Tally) {
    this.protocol = options.protocol;
    this.#options = options;
    this.#tally = tally;
  }

  open(): void {
    const { callers, count } = this.#options;
    for (let i = 0; i < count; i++) {
      const caller = callers[i % callers.length];
      if (caller === undefined) throw new RangeError('nobody calls');
      const slot = { caller, ...this.#newClient(caller, () => this.#exchange(slot)) };
      this.#slots.push(slot);
    }
  }

  /** Any one that has room. */
  any(): SoakClient | undefined {
    const start = Math.floor(Math.random() * this.#slots.length);
    for (let i = 0; i < this.#slots.length; i++) {
      const slot = this.#slots[(start + i) % this.#slots.length];
      if (slot === undefined) continue;
      if (slot.client.isRetired) this.#exchange(slot);
      else if (slot.client.hasRoom) return slot.client;
    }
    return undefined;
  }

  /** Lets all clients go. */
  close(): void {
    for (const { client, timer } of this.#slots) {
      clearTimeout(timer);
      client.retire();
    }
    this.#slots = [];
  }

  #exchange(slot: Slot): void {
    clearTimeout(slot.timer);
    if (Math.random() < ABANDONING_SHARE) slot.client.abandon();
    else slot.client.retire();
    Object.assign(
      slot,
      this.#newClient(slot.caller, () => this.#exchange(slot)),
    );
  }

  #newClient(caller: Caller, onOld: () => void): Pick<Slot, 'client' | 'timer'> {
    const { protocol, room } = this.#options;
    const from = Date.now();
    const report = (detail: string): void => {
      const ended = { kind: 'connection', protocol, from, id: undefined, server: undefined } as const;
      this.#tally.ended(ended, { outcome: 'wrong', detail });
    };
    const client = protocol === 'h2' ? new H2Client(caller, room, report) : new H1Client(caller, room);
    const timer = setTimeout(onOld, LIVES_MS.least + Math.random() * (LIVES_MS.most - LIVES_MS.least));
    return { client, timer };
  }
}
