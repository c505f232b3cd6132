import { setTimeout as delay } from 'node:timers/promises';
import type { ControlPlane } from '../../src/lab/control-plane/control-plane.ts';
import type { KubeApiserver, KubeApiserverSpec } from '../../src/lab/control-plane/kube-apiserver.ts';
import type { HttpClient } from '../../test/real/support/http-client.ts';
import type { LoadConnection } from '../../test/real/support/load-connection.ts';
import { JOB_WORK, JOBS, makeReadObjects, WITHOUT_JOBS, writtenNames } from '../../test/real/support/object-work.ts';
import { type ProxyOptions, type ProxyProcess, startProxy } from '../../tools/control-plane/proxy.ts';
import { startControlPlane } from '../../tools/control-plane/start.ts';
import { adminClient, adminConnections } from './access.ts';
import { type LoadRun, type LoadRunOptions, underLoad } from './load-run.ts';
import { Wire } from './wire.ts';

/** Who forwards: this proxy in front of all servers, or the server that lacks the type and knows its peers. */
export type Forwarder = 'mvproxy' | 'native';
export const FORWARDERS: readonly Forwarder[] = ['mvproxy', 'native'];

export type CapableName = 'one' | 'two';
export type ServerName = CapableName | 'lacking';

const TIMEOUT_MS = 180_000;
const CALM_ROUNDS = 20;
const CALM_PAUSE_MS = 100;

export interface StageOptions {
  /** Default: both. */
  readonly capable?: readonly CapableName[];
  /** Whether there is a {@link Wire} in front of each server, for the proxy and for its peers. */
  readonly wired?: boolean;
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
  /** What the load consists of. */
  readonly work = JOB_WORK;
  readonly #wires: ReadonlyMap<string, Wire>;
  readonly #clients: { close(): void }[] = [];

  private constructor(controlPlane: ControlPlane, wires: ReadonlyMap<string, Wire>, gateway: ProxyProcess) {
    this.controlPlane = controlPlane;
    this.#wires = wires;
    this.gateway = gateway;
  }

  static async start({ capable = ['one', 'two'], wired = false, proxy, server }: StageOptions = {}): Promise<Stage> {
    const servers = ['lacking' as const, ...capable].map(
      (name, i): KubeApiserverSpec => ({
        ...server,
        name,
        version: '1.36.3',
        hostname: name,
        peerProxy: true,
        ...(name === 'lacking' ? { runtimeConfig: WITHOUT_JOBS } : {}),
        ...(wired ? wiredFlags(i, server) : {}),
      }),
    );
    const controlPlane = await startControlPlane({ servers, report: () => {} });
    const wires = new Map<string, Wire>();
    try {
      for (const [i, { name, url }] of controlPlane.servers.entries()) {
        if (wired) wires.set(name, await Wire.create(url, wireHost(i)));
      }
      const addresses = controlPlane.servers.map(({ name, url }) => ({ name, url: wires.get(name)?.url ?? url }));
      const options = { ...(await proxy?.(controlPlane)), servers: addresses };
      const stage = new Stage(controlPlane, wires, await startProxy(controlPlane, options));
      await makeReadObjects(stage.client(stage.server('one').url), JOB_WORK);
      return stage;
    } catch (error) {
      for (const wire of wires.values()) await wire.close();
      await controlPlane.stop();
      throw error;
    }
  }

  /** What is in front of a server of a wired stage. */
  wire(name: ServerName): Wire {
    const wire = this.#wires.get(name);
    if (wire === undefined) throw new TypeError('this stage has no wires');
    return wire;
  }

  server(name: ServerName): KubeApiserver {
    return this.controlPlane.server(name);
  }

  /** Where clients connect who rely on `forwarder`. */
  url(forwarder: Forwarder): string {
    return forwarder === 'mvproxy' ? this.gateway.url : this.server('lacking').url;
  }

  /** An administrator's client, closed with the stage. */
  client(url: string): HttpClient {
    const client = adminClient(this.controlPlane, url);
    this.#clients.push(client);
    return client;
  }

  /** A load of Jobs through `forwarder`, and in the midst of it a fault. */
  underLoad(forwarder: Forwarder, options: Omit<LoadRunOptions, 'connections' | 'work' | 'written'>): Promise<LoadRun> {
    return underLoad({
      ...options,
      connections: adminConnections(this.controlPlane, this.url(forwarder)),
      work: this.work,
      written: () => this.#written(options.prefix),
    });
  }

  /** Resolves when Jobs have been read through `forwarder` for two seconds, and every capable server was asked for some. */
  async calm(forwarder: Forwarder): Promise<void> {
    const deadline = performance.now() + TIMEOUT_MS;
    const connections = adminConnections(this.controlPlane, this.url(forwarder));
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
    for (const wire of this.#wires.values()) await wire.close();
    await this.controlPlane.stop();
  }

  async #failing(connections: readonly LoadConnection[]): Promise<string | undefined> {
    for (let round = 0; round < CALM_ROUNDS; round++) {
      const answers = await Promise.all(
        connections.map((connection) => connection.exchange({ method: 'GET', target: JOB_WORK.read })),
      );
      const failed = answers.find((answer) => answer.kind !== 'answer' || answer.status !== 200);
      await delay(CALM_PAUSE_MS);
      if (failed !== undefined) return JSON.stringify(failed).slice(0, 300);
    }
    return undefined;
  }

  /** How many requests for Jobs a server has answered; 0 if it does not say. */
  async #jobsServed(server: KubeApiserver): Promise<number> {
    const client = adminClient(this.controlPlane, server.url, 'http/1.1');
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

  async #written(prefix: string): Promise<ReadonlySet<string>> {
    const server = this.controlPlane.servers.find(({ name, state }) => name !== 'lacking' && state.state === 'running');
    if (server === undefined) throw new Error('no server is there that serves Jobs');
    const client = adminClient(this.controlPlane, server.url, 'http/1.1');
    try {
      return await writtenNames(client, JOB_WORK, prefix);
    } finally {
      client.close();
    }
  }
}

function wireHost(index: number): string {
  return `127.0.0.${10 + index}`;
}

/** Peers connect to the advertised address, at the port at which a server listens; 1.36 heeds no `--peer-advertise-port`. */
function wiredFlags(index: number, { extraArgs = [] }: Partial<KubeApiserverSpec> = {}): Partial<KubeApiserverSpec> {
  return {
    extraArgs: [...extraArgs, `--advertise-address=${wireHost(index)}`],
    withoutFlags: ['peer-advertise-ip', 'peer-advertise-port'],
  };
}
