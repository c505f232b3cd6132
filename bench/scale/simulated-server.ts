import { createHash } from 'node:crypto';
import { discoveryContent, encodeDiscovery } from '../../src/discovery/representation.ts';
import type { ServerDiscovery } from '../../src/discovery/server-discovery.ts';
import { discoveryContentType } from '../../src/kubernetes/aggregated-discovery.ts';
import type { NetworkServer } from '../../src/servers/server-spec.ts';
import type { BodyReceiver, BodySource, RequestHead } from '../../src/wire/exchange.ts';
import { type Fields, fieldValue, NO_FIELDS } from '../../src/wire/fields.ts';
import type {
  Upstream,
  UpstreamEvent,
  UpstreamExchange,
  UpstreamOptions,
  UpstreamReceiver,
} from '../../src/wire/upstream.ts';

/** The bytes of one discovery document, which servers share as machines share an image. */
export interface Encoded {
  readonly discovery: ServerDiscovery;
  readonly roots: Readonly<Record<string, { readonly body: Buffer; readonly etag: string }>>;
  readonly openapi: Buffer;
}

export function encode(discovery: ServerDiscovery): Encoded {
  const root = (name: 'api' | 'apis') => {
    const body = Buffer.from(encodeDiscovery(discoveryContent(discovery[name]), 'v2'));
    return { body, etag: `"${createHash('sha512').update(body).digest('hex')}"` };
  };
  const roots = { '/api': root('api'), '/apis': root('apis') };
  return { discovery, roots, openapi: Buffer.from(JSON.stringify({ paths: openAPIPaths(discovery) })) };
}

function openAPIPaths({ api, apis }: ServerDiscovery): Record<string, { readonly serverRelativeURL: string }> {
  const entries = [...api, ...apis].flatMap(({ metadata, versions = [] }) =>
    versions.map((list) => {
      const path = metadata.name === '' ? `api/${list.version}` : `apis/${metadata.name}/${list.version}`;
      const hash = createHash('md5').update(JSON.stringify(list)).digest('hex');
      return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` }] as const;
    }),
  );
  return Object.fromEntries(entries);
}

/** A kube-apiserver as the control path sees it, without a socket. */
export class SimulatedServer {
  readonly spec: NetworkServer;
  readonly gitVersion: string;
  encoded: Encoded;
  isDown = false;
  /** What was answered. */
  answers = 0;
  readonly #listeners: ((event: UpstreamEvent) => void)[] = [];

  constructor(name: string, gitVersion: string, encoded: Encoded) {
    const servername = 'kubernetes.default.svc';
    this.spec = { kind: 'network', name, host: `${name}.example`, port: 6443, servername, local: false };
    this.gitVersion = gitVersion;
    this.encoded = encoded;
  }

  open({ onEvent }: UpstreamOptions): Upstream {
    if (onEvent !== undefined) this.#listeners.push(onEvent);
    return {
      inFlight: 0,
      request: (head, _bodyless, receiver) => this.#request(head, receiver),
      upgrade: () => Promise.reject(new Error('a simulated server switches no protocols')),
      close: () => Promise.resolve(),
      received: 0,
      suspect: () => {},
      turnAway: () => {},
    };
  }

  /** A request of a client finds that nobody listens. */
  refuse(): void {
    this.isDown = true;
    this.#listeners[0]?.({ kind: 'connect-failed', failure: REFUSED });
  }

  #request(head: RequestHead, receiver: UpstreamReceiver): UpstreamExchange {
    const exchange = { body: undefined, reset: () => {} };
    setImmediate(() => {
      if (this.isDown) receiver.failed(REFUSED);
      else this.#answer(head, receiver);
    });
    return exchange;
  }

  #answer({ target, fields }: RequestHead, receiver: UpstreamReceiver): void {
    this.answers++;
    const respond = (status: number, headers: Fields, body?: Buffer) =>
      receiver.respond({ status, fields: headers }, bodyOf(body), body === undefined);
    const root = this.encoded.roots[target];
    if (root !== undefined) {
      const { body, etag } = root;
      if (fieldValue(fields, 'if-none-match') === etag) respond(304, ['etag', etag]);
      else respond(200, ['content-type', discoveryContentType('v2'), 'etag', etag], body);
    } else if (target === '/readyz') respond(200, NO_FIELDS, OK);
    else if (target === '/version') respond(200, NO_FIELDS, Buffer.from(`{"gitVersion":"${this.gitVersion}"}`));
    else if (target === '/openapi/v3') respond(200, ['content-type', 'application/json'], this.encoded.openapi);
    else if (target.includes('watch=')) receiver.respond({ status: 200, fields: NO_FIELDS }, SILENT, false);
    else respond(200, ['content-type', 'application/json'], EMPTY_LIST);
  }
}

const REFUSED = { processed: 'no', reason: 'refused', cause: 'connect', message: 'connection refused' } as const;
const OK = Buffer.from('ok');
const EMPTY_LIST = Buffer.from('{"kind":"List","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[]}');
const SILENT: BodySource = { read: () => {}, pause: () => {}, resume: () => {} };

function bodyOf(bytes: Buffer | undefined): BodySource {
  return {
    read: (receiver: BodyReceiver) =>
      queueMicrotask(() => {
        if (bytes !== undefined) receiver.data(bytes);
        receiver.end(NO_FIELDS);
      }),
    pause: () => {},
    resume: () => {},
  };
}
