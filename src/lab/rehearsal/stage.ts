import { asClientError, type ClientError } from '../client/client-error.ts';
import { discover } from '../client/discovery-client.ts';
import { LabClient } from '../client/lab-client.ts';
import type { ListedObject } from '../client/listed-object.ts';
import { pause } from '../client/pause.ts';
import type { LabPlane } from '../plane/lab-plane.ts';
import type { LabServer } from '../plane/lab-server.ts';
import type { RehearsalBounds } from './bounds.ts';
import type { Measurements } from './measurements.ts';
import type { ServedHistory } from './served-history.ts';

/** Whose discovery asks for the server's own types, not for what it merged. */
const LOCAL_ACCEPT = [
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList;profile=nopeer',
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
  'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList',
].join(',');
const RETRY_MS = 100;
const DIRECT_TIMEOUT_MS = 10_000;

export interface StageOptions {
  readonly plane: LabPlane;
  /** Of the front. */
  readonly url: string;
  readonly bounds: RehearsalBounds;
  readonly random: () => number;
  readonly measurements: Measurements;
  readonly served: ServedHistory;
  /** Aborts when the rehearsal is stopped from outside. */
  readonly stopped: AbortSignal;
}

/** What everybody in one column's scenario shares: the control plane, its clients, and who counts. */
export class Stage {
  readonly plane: LabPlane;
  readonly url: string;
  readonly bounds: RehearsalBounds;
  readonly random: () => number;
  readonly measurements: Measurements;
  readonly served: ServedHistory;
  /** Aborts when the column ends, however it does. */
  readonly signal: AbortSignal;
  readonly #ended = new AbortController();
  readonly #clients = new Set<LabClient>();
  readonly #direct = new Map<LabServer, LabClient>();

  constructor(options: StageOptions) {
    this.plane = options.plane;
    this.url = options.url;
    this.bounds = options.bounds;
    this.random = options.random;
    this.measurements = options.measurements;
    this.served = options.served;
    this.signal = AbortSignal.any([options.stopped, this.#ended.signal]);
  }

  /** A client of the front, whose requests count. */
  client(name: string, userAgent = `${name}/v1.0.0`): LabClient {
    const { pki, adminToken } = this.plane;
    const client = new LabClient({
      name,
      url: this.url,
      ca: pki.servingCa.cert,
      token: adminToken,
      userAgent,
      timeoutMs: this.bounds.requestMs,
      onRecord: this.measurements.record,
    });
    this.#clients.add(client);
    return client;
  }

  async dismiss(client: LabClient): Promise<void> {
    this.#clients.delete(client);
    await client.close();
  }

  /** A client of one server, past the front; what it does counts nowhere. */
  direct(server: LabServer): LabClient {
    const known = this.#direct.get(server);
    if (known !== undefined) return known;
    const client = new LabClient({
      name: `direct-${server.name}`,
      url: server.url,
      ca: this.plane.pki.servingCa.cert,
      token: this.plane.adminToken,
      userAgent: 'rehearsal/v1.0.0',
      timeoutMs: DIRECT_TIMEOUT_MS,
    });
    this.#direct.set(server, client);
    return client;
  }

  /** What a server serves by itself, as it says. Rejects with ClientError. */
  async ownTypes(server: LabServer) {
    const { resources } = await discover(this.direct(server), LOCAL_ACCEPT);
    return [...resources.values()].flat();
  }

  /** A pause of `ms`, give or take a half, so that clients do not march in step. */
  async rest(ms: number, signal = this.signal): Promise<void> {
    await pause(ms * (0.5 + this.random()), signal);
  }

  /**
   * Resolves with true as soon as `condition` does, looked at every 50 ms; with false when `bounds.stepMs` have passed,
   * which is noted as `what`, or when the rehearsal is stopped.
   */
  async until(
    what: string,
    condition: () => boolean | Promise<boolean>,
    boundMs = this.bounds.stepMs,
  ): Promise<boolean> {
    const end = performance.now() + boundMs;
    while (!this.signal.aborted) {
      if (await condition()) return true;
      if (performance.now() >= end) {
        this.measurements.unmet.push(`${what} (waited ${Math.round(boundMs / 1000)} s)`);
        return false;
      }
      await pause(50, this.signal);
    }
    return false;
  }

  /**
   * Repeats what fails, as a client that wants it done, for `bounds.stepMs`. Undefined: it could not be done, which is
   * noted as `what`, or the rehearsal was stopped.
   */
  async insist<T>(what: string, action: () => Promise<T>): Promise<T | undefined> {
    const end = performance.now() + this.bounds.stepMs;
    let error: ClientError | undefined;
    while (!this.signal.aborted) {
      try {
        return await action();
      } catch (thrown) {
        error = asClientError(thrown);
      }
      if (performance.now() >= end) {
        this.measurements.unmet.push(`${what}: ${error.message}`);
        return undefined;
      }
      await this.rest(RETRY_MS);
    }
    return undefined;
  }

  /** Creates an object, or finds what an earlier try with an unknown outcome created. Undefined as `insist`. */
  async create(client: LabClient, collection: string, body: object, name: string): Promise<ListedObject | undefined> {
    return this.insist(`create ${collection}/${name}`, async () => {
      try {
        return await client.object('POST', collection, { body });
      } catch (error) {
        if (asClientError(error).reason !== 'AlreadyExists') throw error;
        return client.object('GET', `${collection}/${name}`);
      }
    });
  }

  async close(): Promise<void> {
    this.#ended.abort();
    await Promise.all([...this.#clients, ...this.#direct.values()].map((client) => client.close()));
  }
}
