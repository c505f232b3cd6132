import { setTimeout as delay } from 'node:timers/promises';
import type { HttpClient } from './http-client.ts';

const LEASES = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases';
const VALID_SECONDS = 3_600;

/** API servers that come and go, as far as their identity Leases say (KEP-1965): one at a time, made and deleted in turn. */
export class IdentityLeaseChurn {
  /** Leases made, and Leases deleted. */
  changes = 0;
  readonly #client: HttpClient;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;

  /** `prefix` begins the name of every Lease. The client is the caller's. */
  constructor(client: HttpClient, prefix: string, pauseMs: number) {
    this.#client = client;
    this.#running = this.#run(prefix, pauseMs);
  }

  /** Leaves no Lease behind. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(prefix: string, pauseMs: number): Promise<void> {
    const { signal } = this.#stopping;
    const pause = (): Promise<void> => delay(pauseMs, undefined, { signal }).catch(() => {});
    for (let number = 0; !signal.aborted; number++) {
      const name = `apiserver-${prefix}-${number}`;
      await this.#change('POST', LEASES, identityLease(name));
      await pause();
      await this.#change('DELETE', `${LEASES}/${name}`);
      await pause();
    }
  }

  async #change(method: string, target: string, body?: object): Promise<void> {
    const answer = await this.#client.request({ method, target, ...(body === undefined ? {} : { body }) });
    if (answer.status > 299) throw new Error(`${method} ${target}: ${answer.status} ${answer.body}`);
    this.changes += 1;
  }
}

function identityLease(name: string): object {
  const now = new Date().toISOString().replace('Z', '000Z');
  return {
    metadata: {
      name,
      labels: { 'apiserver.kubernetes.io/identity': 'kube-apiserver', 'kubernetes.io/hostname': name },
    },
    spec: { holderIdentity: `${name}_1`, leaseDurationSeconds: VALID_SECONDS, acquireTime: now, renewTime: now },
  };
}
