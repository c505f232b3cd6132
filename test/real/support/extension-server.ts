import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { TLSSocket } from 'node:tls';
import type { Pki } from '../../../src/lab/pki/pki.ts';
import { freePort } from '../../../src/wire/free-port.ts';

export const GROUP = 'gauges.example';
export const VERSION = 'v1';
export const GROUP_VERSION = `/apis/${GROUP}/${VERSION}`;
export const GAUGES = `${GROUP_VERSION}/gauges`;
/** The Service behind which it stands, in namespace `default`. */
export const SERVICE = 'extension';

const V2 = 'g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const VERBS = ['create', 'get', 'list'];

/** A request for an object, and for whom kube-apiserver says it forwards. */
export interface Heard {
  readonly method: string;
  readonly path: string;
  readonly user: string;
  readonly groups: readonly string[];
}

interface Gauge {
  readonly apiVersion: string;
  readonly kind: 'Gauge';
  readonly metadata: { readonly name: string; readonly uid: string; readonly resourceVersion: string };
}

/**
 * An extension API server: serves `gauges.example/v1`, cluster-wide `gauges` that can be created, listed and read, to
 * kube-apiservers that present a front-proxy certificate. It stands on Node's HTTP, so that one mistake of our own wire
 * made twice does not pass for right.
 */
export class ExtensionServer {
  readonly port: number;
  readonly heard: Heard[] = [];
  /** Common names of front-proxy certificates that get no aggregated discovery, as if only they could not read it. */
  readonly unreadableTo = new Set<string>();
  readonly #trusted: string;
  readonly #certificate: { readonly cert: string; readonly key: string };
  readonly #sockets = new Set<Socket>();
  readonly #gauges = new Map<string, Gauge>();
  #server: Http2SecureServer | undefined;

  private constructor(trusted: string, certificate: { readonly cert: string; readonly key: string }, port: number) {
    this.#trusted = trusted;
    this.#certificate = certificate;
    this.port = port;
  }

  /** Its serving certificate is for the Service's name, from the serving CA; it believes front proxies of `frontProxyCa`. */
  static async start(pki: Pki, frontProxyCa: { readonly cert: string }): Promise<ExtensionServer> {
    const request = {
      commonName: 'extension',
      altNames: [`${SERVICE}.default.svc`],
      usages: ['server'] as const,
    };
    const certificate = await pki.issue('extension-serving', request, pki.servingCa);
    const server = new ExtensionServer(frontProxyCa.cert, certificate, await freePort());
    await server.start();
    return server;
  }

  /** Serves at the same port as before, with the objects it had. */
  async start(): Promise<void> {
    if (this.#server !== undefined) return;
    const server = createSecureServer(
      {
        ...this.#certificate,
        ca: this.#trusted,
        allowHTTP1: true,
        requestCert: true,
        rejectUnauthorized: false,
      },
      (request, response) => void this.#serve(request, response).catch(() => response.destroy()),
    );
    this.#server = server;
    server.on('connection', (socket: Socket) => {
      if (this.#server !== server) socket.destroy();
    });
    server.on('secureConnection', (socket: TLSSocket) => {
      socket.on('error', () => {});
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    server.on('session', (session) => session.on('error', () => {}));
    server.listen(this.port, '127.0.0.1');
    await once(server, 'listening');
  }

  /** As if it was killed: the port is closed and every connection broken. */
  async kill(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async #serve(request: Http2ServerRequest, response: Http2ServerResponse | ServerResponse): Promise<void> {
    const { method, headers, socket } = request;
    const [path = ''] = request.url.split('?', 1);
    if (!(socket instanceof TLSSocket) || !socket.authorized) return send(response, 401, status(401, 'Unauthorized'));
    const aggregated = headers.accept?.includes(V2) === true;
    if (aggregated && this.unreadableTo.has(commonNameOf(socket)))
      return send(response, 503, status(503, 'ServiceUnavailable'));
    if (path === '/apis' && aggregated) return send(response, 200, AGGREGATED, `application/json;${V2}`);
    if (path === '/api' && aggregated)
      return send(response, 200, { ...AGGREGATED, items: [] }, `application/json;${V2}`);
    const document = DOCUMENTS.get(path);
    if (document !== undefined) return send(response, 200, document);
    if (path !== GAUGES && !path.startsWith(`${GAUGES}/`)) return send(response, 404, status(404, 'NotFound'));
    const { 'x-remote-user': user, 'x-remote-group': groups = [] } = headers;
    // Node joins repeated fields with commas.
    this.heard.push({ method, path, user: String(user), groups: [groups].flat().join(', ').split(', ') });
    if (path === GAUGES) {
      if (method === 'GET') return send(response, 200, this.#list());
      if (method === 'POST') return send(response, 201, this.#create(JSON.parse(await text(request))));
      return send(response, 405, status(405, 'MethodNotAllowed'));
    }
    const name = path.slice(GAUGES.length + 1);
    const gauge = this.#gauges.get(name);
    if (gauge !== undefined) return send(response, 200, gauge);
    send(response, 404, { ...status(404, 'NotFound'), details: { group: GROUP, kind: 'gauges', name } });
  }

  #list(): object {
    const metadata = { resourceVersion: String(this.#gauges.size) };
    return { apiVersion: `${GROUP}/${VERSION}`, kind: 'GaugeList', metadata, items: [...this.#gauges.values()] };
  }

  #create({ metadata: { name } }: { metadata: { name: string } }): Gauge {
    const number = String(this.#gauges.size + 1);
    const gauge: Gauge = {
      apiVersion: `${GROUP}/${VERSION}`,
      kind: 'Gauge',
      metadata: { name, uid: number, resourceVersion: number },
    };
    this.#gauges.set(name, gauge);
    return gauge;
  }
}

/** The Service and the APIService that put it behind kube-apiservers. */
export function registration({ port }: ExtensionServer, { servingCa }: Pki): Registration {
  return {
    service: {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: SERVICE, namespace: 'default' },
      // No cluster network here: kube-apiserver dials the external name itself.
      spec: { type: 'ExternalName', externalName: 'localhost', ports: [{ port }] },
    },
    apiService: {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: `${VERSION}.${GROUP}` },
      spec: {
        group: GROUP,
        version: VERSION,
        groupPriorityMinimum: 1_000,
        versionPriority: 15,
        caBundle: Buffer.from(servingCa.cert).toString('base64'),
        service: { namespace: 'default', name: SERVICE, port },
      },
    },
  };
}

export interface Registration {
  readonly service: object;
  readonly apiService: object;
}

const AGGREGATED = {
  kind: 'APIGroupDiscoveryList',
  apiVersion: 'apidiscovery.k8s.io/v2',
  metadata: {},
  items: [
    {
      metadata: { name: GROUP, creationTimestamp: null },
      versions: [
        {
          version: VERSION,
          freshness: 'Current',
          resources: [
            {
              resource: 'gauges',
              responseKind: { group: GROUP, version: VERSION, kind: 'Gauge' },
              scope: 'Cluster',
              singularResource: 'gauge',
              verbs: VERBS,
            },
          ],
        },
      ],
    },
  ],
};

const PREFERRED = { groupVersion: `${GROUP}/${VERSION}`, version: VERSION };
const API_GROUP = { name: GROUP, versions: [PREFERRED], preferredVersion: PREFERRED };

const DOCUMENTS: ReadonlyMap<string, object> = new Map<string, object>([
  ['/api', { kind: 'APIVersions', versions: [] }],
  ['/apis', { kind: 'APIGroupList', apiVersion: 'v1', groups: [API_GROUP] }],
  [`/apis/${GROUP}`, { kind: 'APIGroup', apiVersion: 'v1', ...API_GROUP }],
  [
    GROUP_VERSION,
    {
      kind: 'APIResourceList',
      apiVersion: 'v1',
      groupVersion: `${GROUP}/${VERSION}`,
      resources: [{ name: 'gauges', singularName: 'gauge', namespaced: false, kind: 'Gauge', verbs: VERBS }],
    },
  ],
]);

function commonNameOf(socket: TLSSocket): string {
  const { subject } = socket.getPeerCertificate();
  return [subject?.CN ?? ''].flat().join();
}

function status(code: number, reason: string): object {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', reason, code };
}

function send(
  response: Http2ServerResponse | ServerResponse,
  code: number,
  body: object,
  contentType = 'application/json',
): void {
  response.statusCode = code;
  response.setHeader('content-type', contentType);
  response.end(`${JSON.stringify(body)}\n`);
}
