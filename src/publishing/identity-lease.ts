import { randomUUID } from 'node:crypto';
import type { Leases } from './lease-api.ts';

const IDENTITY_LABEL = 'apiserver.kubernetes.io/identity';
/** Marks what we made: any other Lease belongs to a kube-apiserver and is never touched. */
const WRITER_LABEL = 'mixed-version-proxy.io/writer';
/** As kube-apiserver's; servers delete such Leases an hour after their last renewal. */
const DURATION_SECONDS = 3600;
/** A Lease that is there for a moment must not outlive a crash for long. */
const MOMENT_SECONDS = 60;

/**
 * The Lease of an identity of ours (KEP-1965). Native servers read a peer again when a Lease appears, disappears or changes
 * its holder, and for nothing else (pkg/util/peerproxy); each such event makes each of them read every peer.
 *
 * There is neither a host name nor an address in it: the Lease makes natives look into etcd, and must not make
 * anybody else take this proxy for a kube-apiserver.
 */
export class IdentityLease {
  readonly name: string;
  #holder = '';

  constructor(name: string) {
    this.name = name;
  }

  /** Makes the Lease, or gives it a new holder. Rejects when it is not ours. */
  async publish(api: Leases, now: Date): Promise<void> {
    const lease = this.#lease(DURATION_SECONDS, now);
    if (await api.create(lease)) return;
    await this.#requireOurs(api);
    if (await api.patch(this.name, { spec: lease.spec })) return;
    // It was deleted in between; a server that says both again and again must not be asked without a pause.
    if (!(await api.create(lease)))
      throw new Error(`the Lease ${this.name} in kube-system can be neither made nor changed`);
  }

  /** Natives take no notice. Returns false when the Lease is gone. */
  renew(api: Leases, now: Date): Promise<boolean> {
    return api.patch(this.name, { spec: { renewTime: microTime(now) } });
  }

  /** Unless our successor holds it by now, or takes it over at this moment. */
  async remove(api: Leases): Promise<void> {
    const lease = await api.get(this.name);
    if (member(member(lease, 'spec'), 'holderIdentity') !== this.#holder) return;
    const version = member(member(lease, 'metadata'), 'resourceVersion');
    await api.remove(this.name, typeof version === 'string' ? version : undefined);
  }

  /** Makes natives read all their peers now, by a Lease that comes and goes. */
  async announce(api: Leases, now: Date): Promise<void> {
    // What a crash left behind is in the way, and its end is news as well.
    if (!(await api.create(this.#lease(MOMENT_SECONDS, now)))) await this.#requireOurs(api);
    await api.remove(this.name);
  }

  async #requireOurs(api: Leases): Promise<void> {
    const lease = await api.get(this.name);
    if (lease === undefined || label(lease, WRITER_LABEL) !== undefined) return;
    throw new Error(
      `the Lease ${this.name} in kube-system was not made by a mixed-version-proxy; it stays as it is, choose another publishing.leaseName`,
    );
  }

  #lease(leaseDurationSeconds: number, now: Date) {
    const { name } = this;
    this.#holder = `${name}_${randomUUID()}`;
    const labels = { [IDENTITY_LABEL]: 'kube-apiserver', [WRITER_LABEL]: 'mvproxy' };
    const time = microTime(now);
    return {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name, namespace: 'kube-system', labels },
      spec: {
        holderIdentity: this.#holder,
        leaseDurationSeconds,
        acquireTime: time,
        renewTime: time,
      },
    };
  }
}

function label(lease: unknown, name: string): unknown {
  return member(member(member(lease, 'metadata'), 'labels'), name);
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

/** metav1.MicroTime. */
function microTime(time: Date): string {
  return time.toISOString().replace('Z', '000Z');
}
