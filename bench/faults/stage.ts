import { setTimeout as delay } from 'node:timers/promises';
import type { ControlPlane } from '../../src/lab/control-plane/control-plane.ts';
import type { KubeApiserver, KubeApiserverSpec } from '../../src/lab/control-plane/kube-apiserver.ts';
import { type HttpClient, httpClient, type Protocol } from '../../test/real/support/http-client.ts';
import { JOBS, job, READ_JOBS, READ_NAMES, WITHOUT_JOBS } from '../../test/real/support/job-work.ts';
import { type LoadConnection, loadConnection } from '../../test/real/support/load-connection.ts';
import { type ProxyOptions, type ProxyProcess, startProxy } from '../../tools/control-plane/proxy.ts';
import { startControlPlane } from '../../tools/control-plane/start.ts';
import type { Wire } from './wire.ts';

/** Who forwards: this proxy in front of all servers, or the server that lacks the type and knows its peers. */
export type Forwarder = 'mvproxy' | 'native';
export const FORWARDERS: readonly Forwarder[] = ['mvproxy', 'native'];

export type CapableName = 'one' | 'two';
export type ServerName = CapableName | 'lacking';

/** Longer than native keeps anybody waiting for a server that hangs. */
const PATIENCE_MS = 90_000;
const H2_CONNECTIONS = 8;
const TIMEOUT_MS = 180_000;
const CALM_ROUNDS = 20;
const CALM_PAUSE_MS = 100;

export interface StageOptions {
  /** Default: both. */
  readonly capable?: readonly CapableName[];
  /** Leads to each server, for the proxy and for its peers. Default: nothing is in between. */
  readonly wires?: ReadonlyMap<string, Wire>;
  /** How the proxy departs from a list of all servers in its flags. */
  readonly proxy?: (controlPlane: ControlPlane) => Promise<Omit<ProxyOptions, 'servers'>>;
  /** Of every server. */
  readonly server?: Partial<KubeApiserverSpec>;
}

/**
 * kube-apiservers 1.36.3 with their own mixed version proxy on: `lacking` does not serve Jobs, the others do. In front of all of
 * them runs this proxy, which marks what it forwards, so that no server forwards it again.
 */
export class Stage implements AsyncDisposable {
  readonly controlPlane: ControlPlane;
  readonly gateway: ProxyProcess;
  readonly #clients: { close(): void }[] = [];

  private constructor(controlPlane: ControlPlane, gateway: ProxyProcess) {
    this.controlPlane = controlPlane;
    this.gateway = gateway;
  }

  static async start({ capable = ['one', 'two'], wires, proxy, server }: StageOptions = {}): Promise<Stage> {
    const servers = ['lacking' as const, ...capable].map((name): KubeApiserverSpec => {
      const wire = wires?.get(name);
      return {
        ...server,
        name,
        version: '1.36.3',
        hostname: name,
        peerProxy: true,
        ...(name === 'lacking' ? { runtimeConfig: WITHOUT_JOBS } : {}),
        extraArgs: [
          ...(server?.extraArgs ?? []),
          ...(wire === undefined ? [] : [`--peer-advertise-port=${wire.port}`]),
        ],
      };
    });
    const controlPlane = await startControlPlane({ servers, report: () => {} });
    try {
      for (const { name, url } of controlPlane.servers) wires?.get(name)?.leadTo(url);
      const addresses = controlPlane.servers.map(({ name, url }) => ({ name, url: wires?.get(name)?.url ?? url }));
      const options = { ...(await proxy?.(controlPlane)), servers: addresses };
      const stage = new Stage(controlPlane, await startProxy(controlPlane, options));
      await stage.#prepare();
      return stage;
    } catch (error) {
      await controlPlane.stop();
      throw error;
    }
  }

  server(name: ServerName): KubeApiserver {
    return this.controlPlane.server(name);
  }

  /** Where clients connect who rely on `forwarder`. */
  url(forwarder: Forwarder): string {
    return forwarder === 'mvproxy' ? this.gateway.url : this.server('lacking').url;
  }

  /** An administrator's client. */
  client(url: string, protocol: Protocol = 'h2'): HttpClient {
    return this.#kept(httpClient({ ...this.#credentials, url, protocol }));
  }

  /** An administrator's connections: HTTP/2, and HTTP/1.1 for a fifth of the load. */
  connections(url: string): LoadConnection[] {
    const protocols: Protocol[] = [
      ...Array.from({ length: H2_CONNECTIONS }, (): Protocol => 'h2'),
      'http/1.1',
      'http/1.1',
    ];
    return protocols.map((protocol) =>
      this.#kept(loadConnection({ ...this.#credentials, url, protocol, patienceMs: PATIENCE_MS })),
    );
  }

  /** Resolves when Jobs have been read through `forwarder` for two seconds, and every capable server was asked for some. */
  async calm(forwarder: Forwarder): Promise<void> {
    const deadline = performance.now() + TIMEOUT_MS;
    const connections = this.connections(this.url(forwarder));
    const capable = this.controlPlane.servers.filter(({ name }) => name !== 'lacking');
    try {
      for (;;) {
        const before = await Promise.all(capable.map((server) => this.#jobsServed(server)));
        const failed = await this.#failing(connections);
        const after = await Promise.all(capable.map((server) => this.#jobsServed(server)));
        const idle = capable.filter((_, i) => (before[i] ?? 0) >= (after[i] ?? 0)).map(({ name }) => name);
        if (failed === undefined && idle.length === 0) return;
        const why = failed ?? `nothing is forwarded to ${idle.join(', ')}`;
        if (performance.now() > deadline) throw new Error(`${forwarder}: ${why}, for ${TIMEOUT_MS} ms`);
      }
    } finally {
      for (const connection of connections) connection.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.close();
    await this.controlPlane.stop();
  }

  async #failing(connections: readonly LoadConnection[]): Promise<string | undefined> {
    for (let round = 0; round < CALM_ROUNDS; round++) {
      const answers = await Promise.all(
        connections.map((connection) => connection.exchange({ method: 'GET', target: READ_JOBS })),
      );
      const failed = answers.find((answer) => answer.kind !== 'answer' || answer.status !== 200);
      await delay(CALM_PAUSE_MS);
      if (failed !== undefined) return JSON.stringify(failed).slice(0, 300);
    }
    return undefined;
  }

  /** How many requests for Jobs a server has answered; 0 if it does not say. */
  async #jobsServed(server: KubeApiserver): Promise<number> {
    const client = httpClient({ ...this.#credentials, url: server.url, protocol: 'http/1.1' });
    try {
      const { body } = await client.request({ target: '/metrics', headers: ['accept', 'text/plain'] });
      const lines = body.toString().matchAll(/^apiserver_request_total\{([^}]*)\} (\S+)$/gm);
      return Array.from(lines)
        .filter(([, labels = '']) => labels.includes(`resource="${JOBS.resource}"`) && labels.includes('code="200"'))
        .reduce((sum, [, , value]) => sum + Number(value), 0);
    } catch {
      return 0;
    } finally {
      client.close();
    }
  }

  async #prepare(): Promise<void> {
    const capable = this.controlPlane.servers.find(({ name }) => name !== 'lacking');
    const client = this.client(capable?.url ?? '');
    for (const name of READ_NAMES) {
      const { status, body } = await client.request({ method: 'POST', target: READ_JOBS, body: job(name) });
      if (status !== 201) throw new Error(`a Job could not be made: ${status} ${body}`);
    }
  }

  #kept<T extends { close(): void }>(client: T): T {
    this.#clients.push(client);
    return client;
  }

  get #credentials() {
    const { servingCa, admin } = this.controlPlane.pki;
    return { ca: servingCa.cert, certificate: admin };
  }
}
