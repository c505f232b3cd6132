import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { fetchFrom } from '../../src/wire/fetch.ts';
import { listen } from '../../src/wire/listener.ts';
import type { Upstream } from '../../src/wire/upstream.ts';
import { TestCa } from '../../test/support/certificates.ts';
import type { Load } from '../pipeline/loads.ts';
import { HOST, openLoopback, SERVER_NAME } from './loopback.ts';
import { VARIANTS, type Variant } from './observers.ts';
import type { ProxyAnswer, ProxyStart } from './proxy-process.ts';
import type { Rounds } from './rounds.ts';

const PROGRAM = fileURLToPath(new URL('proxy-process.ts', import.meta.url));
/** Requests at a time. */
const AT_ONCE = 32;

/**
 * Microseconds of a proxy's CPU for each request that goes through it, over TLS and HTTP/2 on both sides. Each round has a new process
 * for each variant, one after the other and beginning with another variant: what the compiler makes of the code differs from
 * process to process by more than what is measured. Clients and server are in this process, which is not measured.
 */
export async function overTheWire(
  load: Load,
  rounds: number,
  requests: number,
  report: (line: string) => void,
): Promise<Rounds> {
  const ca = await TestCa.create('observability');
  const material = await ca.issue({ commonName: 'server', dnsNames: [SERVER_NAME], ips: [HOST] });
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
  const taken = new Map<Variant, number[]>(VARIANTS.map((variant) => [variant, []]));
  try {
    for (let round = 0; round < rounds; round++) {
      const first = round % VARIANTS.length;
      for (const variant of [...VARIANTS.slice(first), ...VARIANTS.slice(0, first)]) {
        taken.get(variant)?.push(await measured({ ...start, variant }, load, requests));
      }
      report(`${load.name}, over the wire: round ${round + 1} of ${rounds}`);
    }
  } finally {
    await server.close(0);
  }
  return taken;
}

/** Of one new process, which is gone afterwards. It gets as many requests first that are not measured. */
async function measured(start: ProxyStart, load: Load, requests: number): Promise<number> {
  const child = fork(PROGRAM, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const exited = once(child, 'exit');
  const answer = await asked(child, start);
  const client = openLoopback('port' in answer ? answer.port : 0, start.ca);
  try {
    await burst(client, load, requests);
    const before = await cpuOf(child);
    await burst(client, load, requests);
    return ((await cpuOf(child)) - before) / requests;
  } finally {
    await client.close(0);
    if (child.connected) child.disconnect();
    await exited;
  }
}

async function cpuOf(child: ChildProcess): Promise<number> {
  const answer = await asked(child, 'usage');
  return 'cpu' in answer ? answer.cpu : Number.NaN;
}

async function asked(child: ChildProcess, message: ProxyStart | 'usage'): Promise<ProxyAnswer> {
  const ended = new AbortController();
  const onExit = () => ended.abort(new Error('the proxy has ended'));
  child.once('exit', onExit);
  try {
    const answered = once(child, 'message', { signal: ended.signal });
    child.send(message);
    const [answer] = (await answered) as [ProxyAnswer];
    return answer;
  } finally {
    child.off('exit', onExit);
  }
}

async function burst(client: Upstream, { method, target, fields, status }: Load, requests: number): Promise<void> {
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
