import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { fetchFrom } from '../../src/wire/fetch.ts';
import { listen } from '../../src/wire/listener.ts';
import type { Upstream } from '../../src/wire/upstream.ts';
import { openUpstream } from '../../src/wire/upstream-pool.ts';
import { TestCa } from '../../test/support/certificates.ts';
import type { Load } from '../pipeline/loads.ts';
import { VARIANTS, type Variant } from './observers.ts';
import type { ProxyAnswer, ProxyStart } from './proxy-process.ts';
import type { Rounds } from './rounds.ts';

const HOST = '127.0.0.1';
const PROGRAM = fileURLToPath(new URL('proxy-process.ts', import.meta.url));
const AT_ONCE = 32;

interface MeasuredProxy {
  readonly variant: Variant;
  readonly child: ChildProcess;
  readonly client: Upstream;
}

/**
 * Microseconds of a proxy's CPU for each request that goes through it, over TLS and HTTP/2 on both sides. A process for each
 * variant; they take turns, each round beginning with another one. Clients and server are in this process, which is not measured.
 */
export async function overTheWire(
  load: Load,
  rounds: number,
  requests: number,
  report: (line: string) => void,
): Promise<Rounds> {
  const ca = await TestCa.create('observability');
  const material = await ca.issue({ commonName: 'server', dnsNames: ['kubernetes.default.svc'], ips: [HOST] });
  const body = load.answer.chunk ?? new Uint8Array();
  const server = await listen({
    host: HOST,
    port: 0,
    tls: material,
    handler(exchange) {
      const sink = exchange.respond({ status: 200, fields: ['content-type', 'application/json'] }, false);
      sink.write(body);
      sink.end([]);
    },
  });
  const start = { ca: ca.cert, ...material, serverPort: server.port };
  const proxies = await Promise.all(VARIANTS.map((variant) => startProxy({ ...start, variant })));
  const taken = new Map<Variant, number[]>(VARIANTS.map((variant) => [variant, []]));
  try {
    for (const proxy of proxies) await burst(proxy, load, requests);
    for (let round = 0; round < rounds; round++) {
      const first = round % proxies.length;
      for (const proxy of [...proxies.slice(first), ...proxies.slice(0, first)]) {
        const before = await cpuOf(proxy.child);
        await burst(proxy, load, requests);
        taken.get(proxy.variant)?.push(((await cpuOf(proxy.child)) - before) / requests);
      }
      report(`${load.name}, over the wire: round ${round + 1} of ${rounds}`);
    }
  } finally {
    for (const { child, client } of proxies) {
      child.disconnect();
      await client.close(0);
    }
    await server.close(0);
  }
  return taken;
}

async function startProxy(start: ProxyStart): Promise<MeasuredProxy> {
  const child = fork(PROGRAM, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const [answer] = await asked(child, start);
  const client = openUpstream({
    host: HOST,
    port: 'port' in answer ? answer.port : 0,
    servername: 'kubernetes.default.svc',
    ca: start.ca,
    certificate: undefined,
    connectTimeoutMs: 10_000,
    pingIntervalMs: 60_000,
    pingTimeoutMs: 60_000,
    maxConnections: 1,
    onEvent: undefined,
  });
  return { variant: start.variant, child, client };
}

async function cpuOf(child: ChildProcess): Promise<number> {
  const [answer] = await asked(child, 'usage');
  return 'cpu' in answer ? answer.cpu : Number.NaN;
}

async function asked(child: ChildProcess, message: ProxyStart | 'usage'): Promise<[ProxyAnswer]> {
  const answered = once(child, 'message');
  child.send(message);
  return (await answered) as [ProxyAnswer];
}

async function burst({ client }: MeasuredProxy, { method, target, fields, status }: Load, requests: number) {
  const request = { method, target, fields, timeoutMs: 60_000, maxBytes: 1 << 20 };
  let left = requests;
  const one = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const answer = await fetchFrom(client, request);
      if (answer.status !== status) throw new Error(`${target} was answered ${answer.status}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
}
