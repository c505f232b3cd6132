import type { ServerExchange } from '../../wire/exchange.ts';
import { NO_FIELDS, withoutFields } from '../../wire/fields.ts';
import { listen } from '../../wire/listener.ts';
import { relay } from '../../wire/relay.ts';
import { relayTcp } from '../../wire/tcp-relay.ts';
import type { Upstream } from '../../wire/upstream.ts';
import type { LabPlane } from '../plane/lab-plane.ts';
import type { Front, Spread } from './front.ts';
import { Health, openTo } from './health.ts';

const HOST = '127.0.0.1';

/** A load balancer as control planes have one: it knows which servers are healthy, and nothing of Kubernetes. */
export function startBalancer(plane: LabPlane, spread: Spread, port = 0): Promise<Front> {
  return spread === 'connection' ? startConnectionBalancer(plane, port) : startRequestBalancer(plane, port);
}

async function startConnectionBalancer(plane: LabPlane, port: number): Promise<Front> {
  const health = new Health(plane);
  await health.start();
  const choose = () => {
    const server = health.choose();
    if (server === undefined) return undefined;
    const address = new URL(server.url);
    return { host: address.hostname, port: Number(address.port) };
  };
  const tcp = await relayTcp({ host: HOST, port, choose });
  return {
    url: `https://${HOST}:${tcp.port}`,
    async close() {
      await tcp.close();
      await health.close();
    },
  };
}

/** TLS ends at it, so that only tokens reach the servers; client certificates do not. */
async function startRequestBalancer(plane: LabPlane, port: number): Promise<Front> {
  const health = new Health(plane);
  await health.start();
  const upstreams = new Map(plane.servers.map((server) => [server, openTo(server, plane)]));
  const listener = await listen({
    host: HOST,
    port,
    tls: plane.pki.proxyServing,
    limits: { streamsPerConnection: 1_000 },
    handler(exchange) {
      const server = health.choose();
      const upstream = server === undefined ? undefined : upstreams.get(server);
      if (upstream === undefined) badGateway(exchange);
      else pass(exchange, upstream);
    },
  });
  return {
    url: `https://${HOST}:${listener.port}`,
    async close() {
      await listener.close(0);
      await Promise.all([health.close(), ...[...upstreams.values()].map((upstream) => upstream.close(0))]);
    },
  };
}

const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'http2-settings', 'te']);

/** One try, as balancers make it. */
function pass(exchange: ServerExchange, upstream: Upstream): void {
  const { head, bodyless } = exchange;
  const fields = withoutFields(head.fields, (name) => HOP_BY_HOP.has(name));
  const sent = upstream.request({ ...head, fields }, bodyless, {
    inform: (informational) => exchange.inform(informational),
    respond(answer, body, empty) {
      const sink = exchange.respond(answer, empty);
      if (!empty) relay(body, sink);
    },
    failed: () => badGateway(exchange),
  });
  exchange.onAbort = (reason) => sent.reset(reason);
  if (sent.body !== undefined) relay(exchange.body, sent.body);
}

function badGateway(exchange: ServerExchange): void {
  exchange.respond({ status: 502, fields: ['content-length', '0'] }, true).end(NO_FIELDS);
}
