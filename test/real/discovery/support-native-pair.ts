import { setTimeout as delay } from 'node:timers/promises';
import type { ProxyStatus } from '../../../src/admin/status.ts';
import type { ControlPlane } from '../../../src/lab/control-plane/control-plane.ts';
import type { KubeApiserver, KubeApiserverSpec } from '../../../src/lab/control-plane/kube-apiserver.ts';
import { type ProxyProcess, startProxy } from '../../../tools/control-plane/proxy.ts';
import { startControlPlane } from '../../../tools/control-plane/start.ts';
import { type Discovery, discoveryOf, NOPEER, unionOf, V2, verbsByPath } from '../support/aggregated-discovery.ts';
import { apiRequest } from '../support/api-request.ts';
import { type HttpClient, httpClient } from '../support/http-client.ts';

/** A native server that comes up slowly is seen by its peer twice as late, for it retries with doubled pauses. */
const TIMEOUT_MS = 120_000;
const POLL_MS = 50;

export type NativeSpec = Pick<KubeApiserverSpec, 'version' | 'runtimeConfig' | 'extraArgs'>;

/** Two kube-apiservers whose own mixed version proxy is on, and this one in front of both. */
export class NativePair {
  readonly controlPlane: ControlPlane;
  readonly gateway: ProxyProcess;
  /** Admin's clients of `one`, of `two` and of the gateway. */
  readonly one: HttpClient;
  readonly two: HttpClient;
  readonly ours: HttpClient;
  readonly #clients: HttpClient[] = [];

  private constructor(controlPlane: ControlPlane, gateway: ProxyProcess) {
    this.controlPlane = controlPlane;
    this.gateway = gateway;
    this.one = this.client(this.server('one'));
    this.two = this.client(this.server('two'));
    this.ours = this.client(gateway);
  }

  static async start(one: NativeSpec, two: NativeSpec): Promise<NativePair> {
    const servers = Object.entries({ one, two }).map(([name, spec]) => ({
      ...spec,
      name,
      hostname: name,
      peerProxy: true,
    }));
    const controlPlane = await startControlPlane({ servers });
    try {
      return new NativePair(controlPlane, await startProxy(controlPlane));
    } catch (error) {
      await controlPlane.stop();
      throw error;
    }
  }

  server(name: 'one' | 'two'): KubeApiserver {
    return this.controlPlane.server(name);
  }

  /** A client of admin, closed with the pair. */
  client({ url }: { readonly url: string }): HttpClient {
    const { servingCa, admin } = this.controlPlane.pki;
    const client = httpClient({ url, protocol: 'h2', ca: servingCa.cert, certificate: admin });
    this.#clients.push(client);
    return client;
  }

  /** What each server serves by itself. */
  async local(): Promise<readonly [one: Discovery, two: Discovery]> {
    return Promise.all([discoveryOf(this.one, '/apis', NOPEER), discoveryOf(this.two, '/apis', NOPEER)]);
  }

  /** What each server has merged. */
  async native(): Promise<readonly [one: Discovery, two: Discovery]> {
    return Promise.all([discoveryOf(this.one, '/apis', V2), discoveryOf(this.two, '/apis', V2)]);
  }

  /**
   * Resolves when both servers and the gateway list all that each server serves, and also `paths`, and the gateway has
   * read both servers since: an entry stands elsewhere while only one of them has it.
   */
  async converged(paths: readonly string[]): Promise<void> {
    const deadline = performance.now() + TIMEOUT_MS;
    await this.#listed(paths, deadline);
    const listedAt = performance.now();
    for (;;) {
      const { body } = await apiRequest(`${this.gateway.adminUrl}/status`);
      const elapsedSeconds = (performance.now() - listedAt) / 1000;
      const { settled, servers }: ProxyStatus = JSON.parse(body);
      const ages = servers.map(({ discoveryAgeSeconds = Number.POSITIVE_INFINITY }) => discoveryAgeSeconds);
      if (settled && ages.every((age) => age < elapsedSeconds)) return;
      if (performance.now() > deadline) throw new Error(`not read anew within ${TIMEOUT_MS} ms: ${body}`);
      await delay(POLL_MS);
    }
  }

  async #listed(paths: readonly string[], deadline: number): Promise<void> {
    for (;;) {
      const documents = [...(await this.native()), await discoveryOf(this.ours, '/apis', V2)];
      const wanted = [...unionOf(await this.local()).keys(), ...paths];
      const missing = documents.map((document) => {
        const listed = verbsByPath(document);
        return wanted.filter((path) => !listed.has(path));
      });
      if (missing.every(({ length }) => length === 0)) return;
      if (performance.now() > deadline) {
        throw new Error(`not listed by one, two, ours within ${TIMEOUT_MS} ms: ${JSON.stringify(missing)}`);
      }
      await delay(POLL_MS);
    }
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.close();
    await this.controlPlane.stop();
  }
}

/** How often `server` has sent a request for `resource` on to its peer by itself. */
export async function reroutedRequests(server: HttpClient, resource: string): Promise<number> {
  const { body } = await server.request({ target: '/metrics', headers: ['accept', 'text/plain'] });
  const samples = body.toString().matchAll(/^apiserver_rerouted_request_total\{([^}]*)\} (\S+)$/gm);
  return Array.from(samples)
    .filter(([, labels = '']) => labels.includes(`resource="${resource}"`))
    .reduce((sum, [, , value]) => sum + Number(value), 0);
}
