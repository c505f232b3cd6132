import type { ControlPlane } from '../../src/lab/control-plane/control-plane.ts';
import type { KubeApiserver, KubeApiserverSpec } from '../../src/lab/control-plane/kube-apiserver.ts';
import { type HttpClient, type HttpRequest, httpClient, type Protocol } from '../../test/real/support/http-client.ts';
import type { Shape, Type } from '../../test/real/support/shapes.ts';
import { Sightings } from '../../test/real/support/sightings.ts';
import { startControlPlane } from '../../tools/control-plane/start.ts';

/** Between two looks at the same endpoint: the resolution of every figure. */
const PAUSE_MS = 5;

/** Real servers, and clients that are closed with them. */
export class Stage implements AsyncDisposable {
  readonly controlPlane: ControlPlane;
  readonly #clients: HttpClient[] = [];
  #identities = 0;

  private constructor(controlPlane: ControlPlane) {
    this.controlPlane = controlPlane;
  }

  static async start(servers: readonly KubeApiserverSpec[]): Promise<Stage> {
    return new Stage(await startControlPlane({ servers, report: () => {} }));
  }

  get servers(): readonly KubeApiserver[] {
    return this.controlPlane.servers;
  }

  /** An administrator's connection. */
  clientOf({ url }: { readonly url: string }, protocol: Protocol = 'h2'): HttpClient {
    const { servingCa, admin } = this.controlPlane.pki;
    const client = httpClient({ url, protocol, ca: servingCa.cert, certificate: admin });
    this.#clients.push(client);
    return client;
  }

  /** A connection through the proxy whose requests go to the server of that version, when nothing else decides. */
  async clientPreferring(proxy: { readonly url: string }, version: string): Promise<HttpClient> {
    for (let tries = 0; tries < 100; tries++) {
      const client = this.clientOf(proxy);
      const { body } = await client.request({ target: '/version' });
      if (JSON.parse(body.toString()).gitVersion === `v${version}`) return client;
      client.close();
    }
    throw new Error(
      `The proxy at ${proxy.url} has not preferred the server of version ${version} once in 100 connections.`,
    );
  }

  /**
   * Header fields of an administrator nobody has heard of. The proxy asks a server whether a caller may read discovery, a
   * question that also tells it what is new, and remembers the answer for three seconds: a new caller who asks once
   * before something happens does not hasten it for as long.
   */
  newCaller(): string[] {
    return ['impersonate-user', `caller-${++this.#identities}`, 'impersonate-group', 'system:masters'];
  }

  /** Looks at one shape again and again, as `caller`. */
  watch(client: HttpClient, shape: Shape, type: Type, caller: readonly string[] = []): Sightings {
    return watchRequest(client, withFields(shape.request(type), caller), (answer) => shape.read(type, answer));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.close();
    await this.controlPlane.stop();
  }
}

export function watchRequest(
  client: HttpClient,
  request: HttpRequest,
  read: ConstructorParameters<typeof Sightings>[1]['read'],
): Sightings {
  return new Sightings(client, { request, read, pauseMs: PAUSE_MS });
}

export function withFields(request: HttpRequest, fields: readonly string[]): HttpRequest {
  return { ...request, headers: [...(request.headers ?? []), ...fields] };
}

export const is =
  (...values: readonly string[]) =>
  (value: string): boolean =>
    values.includes(value);
