import { setTimeout as delay } from 'node:timers/promises';
import type { KeyPair } from '../../src/lab/pki/certificate-authority.ts';
import type { Pki } from '../../src/lab/pki/pki.ts';
import type { ChaosPlane, ChaosServer } from './chaos-plane.ts';
import type { FrontFault } from './faulty-front.ts';

export const FAULT_KINDS = [
  'killed (SIGKILL), started again',
  'hangs (SIGSTOP), goes on',
  'network cut',
  'network silent (half-open)',
  'resets after headers',
  'GOAWAY storm',
  'expired certificate',
  'certificate of another name',
  'restarts every 5 s',
  'all servers down and back',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** A fault that was made. Times are `performance.now()`. */
export interface MadeFault {
  readonly kind: FaultKind;
  /** Name of the server, or `all`. */
  readonly server: string;
  readonly from: number;
  /** When it was healed, as far as that is ours to say; infinite while it goes on. */
  to: number;
}

const RESTARTS = 3;
const UP_MS = 5_000;
/** A second fault at the same time, at another server. */
const SHARE_OF_DOUBLES = 0.25;

/** Makes faults one after the other, each kind as often as any other, by the numbers of `random` alone. */
export class FaultMaker {
  readonly made: MadeFault[] = [];
  readonly #plane: ChaosPlane;
  readonly #random: () => number;
  readonly #certificates: { readonly expired: KeyPair; readonly strange: KeyPair };
  #deck: FaultKind[] = [];

  private constructor(plane: ChaosPlane, random: () => number, certificates: { expired: KeyPair; strange: KeyPair }) {
    this.#plane = plane;
    this.#random = random;
    this.#certificates = certificates;
  }

  static async create(plane: ChaosPlane, random: () => number): Promise<FaultMaker> {
    return new FaultMaker(plane, random, await badCertificates(plane.controlPlane.pki));
  }

  /** Makes faults until `until`, and resolves when the last one is healed. */
  async run(until: number, report: (line: string) => void): Promise<void> {
    while (performance.now() < until) {
      const kind = this.#draw();
      const servers = this.#shuffled(this.#plane.servers);
      const [first, second] = servers;
      if (first === undefined || second === undefined) return;
      const both = [this.#make(kind, first)];
      const doubled = kind !== 'all servers down and back' && this.#random() < SHARE_OF_DOUBLES;
      if (doubled) both.push(this.#make(this.#drawSingle(), second));
      report(`${kind}: ${first.process.name}${doubled ? ', and another one' : ''}`);
      await Promise.all(both);
      await this.#pause(2_000, 6_000);
    }
  }

  async #make(kind: FaultKind, server: ChaosServer): Promise<void> {
    const isAll = kind === 'all servers down and back';
    const name = isAll ? 'all' : server.process.name;
    const fault: MadeFault = { kind, server: name, from: performance.now(), to: Number.POSITIVE_INFINITY };
    this.made.push(fault);
    await this.#act(kind, server);
    fault.to = performance.now();
  }

  async #act(kind: FaultKind, { process, wire, front }: ChaosServer): Promise<void> {
    const behind = async (fault: FrontFault): Promise<void> => {
      front.misbehave(fault);
      wire.leadTo(front.url);
      await this.#pause(5_000, 12_000);
      wire.leadTo(process.url);
      front.misbehave(undefined);
    };
    switch (kind) {
      case 'killed (SIGKILL), started again':
        await process.kill();
        await this.#pause(1_000, 8_000);
        return process.start();
      case 'hangs (SIGSTOP), goes on':
        process.pause();
        await this.#pause(4_000, 20_000);
        return process.resume();
      case 'network cut':
        wire.cut();
        await this.#pause(3_000, 15_000);
        return wire.heal();
      case 'network silent (half-open)':
        wire.silence();
        await this.#pause(4_000, 20_000);
        return wire.heal();
      case 'resets after headers':
        return behind({ kind: 'resets' });
      case 'GOAWAY storm':
        return behind({ kind: 'goaway' });
      case 'expired certificate':
        return behind({ kind: 'certificate', pair: this.#certificates.expired });
      case 'certificate of another name':
        return behind({ kind: 'certificate', pair: this.#certificates.strange });
      case 'restarts every 5 s':
        for (let count = 0; count < RESTARTS; count++) {
          await process.kill();
          await process.start();
          await delay(UP_MS);
        }
        return;
      case 'all servers down and back': {
        const all = this.#plane.servers.map((one) => one.process);
        await Promise.all(all.map((one) => one.kill()));
        await this.#pause(2_000, 6_000);
        await Promise.all(all.map((one) => one.start()));
      }
    }
  }

  #draw(): FaultKind {
    if (this.#deck.length === 0) this.#deck = this.#shuffled(FAULT_KINDS);
    return this.#deck.pop() ?? 'network cut';
  }

  #drawSingle(): FaultKind {
    const singles = FAULT_KINDS.filter((kind) => kind !== 'all servers down and back');
    return singles[Math.floor(this.#random() * singles.length)] ?? 'network cut';
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

async function badCertificates({ servingCa, issue }: Pki): Promise<{ expired: KeyPair; strange: KeyPair }> {
  const day = 86_400_000;
  const common = { commonName: 'kube-apiserver', usages: ['server'] } as const;
  const [expired, strange] = await Promise.all([
    issue(
      'chaos-expired',
      {
        ...common,
        altNames: ['kubernetes.default.svc', '127.0.0.1'],
        notBefore: new Date(Date.now() - 2 * day),
        notAfter: new Date(Date.now() - day),
      },
      servingCa,
    ),
    issue('chaos-strange', { ...common, altNames: ['another.example'] }, servingCa),
  ]);
  return { expired, strange };
}
