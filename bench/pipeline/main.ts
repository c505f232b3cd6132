import { parseArgs } from 'node:util';
import type { ExchangeHandler } from '../../src/wire/exchange.ts';
import { certify, holder } from '../../test/support/certificate-shapes.ts';
import { bareRelay } from './bare-relay.ts';
import { connectionWith, LeanExchange } from './lean-exchange.ts';
import { type LeanRequest, LeanUpstream } from './lean-upstream.ts';
import { EVENT, type Load, loads, WATCH_LOAD } from './loads.ts';
import { requestPath } from './request-path.ts';

/*
 * What everything between the two wire engines costs for one request, in CPU, and for one open watch, in heap. Clients and
 * servers are objects in memory; what they cost themselves is measured with a bare relay between them and taken off. Of
 * several rounds the cheapest counts: others use the machine, too.
 *
 *   npm run bench:pipeline [-- --requests N --rounds N --only NAME --json]
 */

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '50000' },
    rounds: { type: 'string', default: '7' },
    only: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
  },
});
const REQUESTS = Number(values.requests);
const ROUNDS = Number(values.rounds);
const WATCHES = 10_000;
/** Requests that arrive in one turn of the event loop. */
const PER_TURN = 32;
const CONNECTIONS = 16;
const WARM_UP = 20_000;

const authority = await holder('cluster CA');
const root = await certify(authority, authority, { ca: true });
const alice = await certify(await holder([{ O: ['dev'] }, { O: ['ops'] }, { CN: ['alice'] }]), authority);

const arrived: LeanRequest[] = [];
const { handler: path, etag } = await requestPath({ clientCa: [root], requestHeaderCa: [], allowedNames: [] }, arrived);
const bare = bareRelay(new LeanUpstream(arrived));

const withToken = Array.from({ length: CONNECTIONS }, () => connectionWith({ kind: 'none' }));
const certified = Array.from({ length: CONNECTIONS }, () =>
  connectionWith({ kind: 'presented', chain: [alice.raw], authorized: true, error: undefined }),
);

function open(handler: ExchangeHandler, load: Load, number: number): LeanExchange {
  const connection = (load.isCertified ? certified : withToken)[number % CONNECTIONS];
  if (connection === undefined) throw new RangeError('there is no such connection');
  const { method, target, fields, chunk, answer } = load;
  const head = { method, target, authority: 'kubernetes.example:6443', fields: fields.slice() };
  const exchange = new LeanExchange(connection, head, chunk);
  handler(exchange);
  const request = arrived.pop();
  if (chunk !== undefined) exchange.deliver();
  request?.answer(answer);
  if (answer.isOpen) request?.end();
  return exchange;
}

async function serve(handler: ExchangeHandler, load: Load, count: number): Promise<void> {
  let last: LeanExchange | undefined;
  for (let i = 0; i < count; i++) {
    last = open(handler, load, i);
    // What waits for a microtask is done then. A turn of the event loop would keep what died in it alive: Node links them.
    if (i % PER_TURN === 0) await undefined;
  }
  await undefined;
  if (last?.isOver !== true || (handler === path && last.status !== load.status)) {
    throw new Error(`${load.name}: answered ${last?.status}`);
  }
}

/** Nanoseconds of CPU for each request, those of the collector and the compiler included. */
async function nanoseconds(handler: ExchangeHandler, load: Load): Promise<number> {
  const before = process.cpuUsage();
  await serve(handler, load, REQUESTS);
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1_000) / REQUESTS;
}

function openWatch(handler: ExchangeHandler, number: number): readonly [LeanExchange, LeanRequest] {
  const connection = withToken[number % CONNECTIONS];
  if (connection === undefined) throw new RangeError('there is no such connection');
  const { method, target, fields, answer } = WATCH_LOAD;
  const exchange = new LeanExchange(
    connection,
    { method, target, authority: undefined, fields: fields.slice() },
    undefined,
  );
  handler(exchange);
  const request = arrived.pop();
  if (request === undefined) throw new Error('the watch did not arrive');
  request.answer(answer);
  return [exchange, request];
}

interface WatchCost {
  readonly bytes: number;
  readonly eventNs: number;
}

/** Bytes of heap for each of many open watches after an event, and the CPU that relays one more. */
async function watchCost(handler: ExchangeHandler): Promise<WatchCost> {
  collectGarbage();
  const empty = process.memoryUsage();
  const watches = Array.from({ length: WATCHES }, (_, i) => openWatch(handler, i));
  await undefined;
  collectGarbage();
  const full = process.memoryUsage();
  const before = process.cpuUsage();
  for (let event = 0; event < 20; event++) for (const [, request] of watches) request.send(EVENT);
  const { user, system } = process.cpuUsage(before);
  for (const [, request] of watches) request.end();
  return {
    bytes: (full.heapUsed + full.arrayBuffers - empty.heapUsed - empty.arrayBuffers) / WATCHES,
    eventNs: ((user + system) * 1_000) / (20 * WATCHES),
  };
}

function collectGarbage(): void {
  if (globalThis.gc === undefined) throw new Error('run it with --expose-gc, as npm run bench:pipeline does');
  globalThis.gc();
  globalThis.gc();
}

const wanted = loads(etag).filter(({ name }) => name.includes(values.only));
// All together first, so that the code is compiled for what it meets in life.
for (const handler of [path, bare, path]) for (const load of wanted) await serve(handler, load, WARM_UP);

const taken = wanted.map(({ name }) => ({ name, path: [] as number[], bare: [] as number[] }));
for (let round = 0; round < ROUNDS; round++) {
  for (const [i, load] of wanted.entries()) {
    taken[i]?.path.push(await nanoseconds(path, load));
    taken[i]?.bare.push(await nanoseconds(bare, load));
  }
}
const rows = taken.map(({ name, path, bare }): readonly [string, number] => [
  `${name}: ns`,
  Math.min(...path) - Math.min(...bare),
]);
if (WATCH_LOAD.name.includes(values.only)) {
  await watchCost(path);
  const [alone, whole] = [await watchCost(bare), await watchCost(path)];
  rows.push(['one more event of an open watch: ns', whole.eventNs - alone.eventNs]);
  rows.push(['open watch: bytes of heap', whole.bytes - alone.bytes]);
}
if (values.json) process.stdout.write(`${JSON.stringify(Object.fromEntries(rows))}\n`);
else {
  const width = Math.max(...rows.map(([what]) => what.length));
  for (const [what, cost] of rows) process.stdout.write(`${what.padEnd(width)} ${cost.toFixed(0).padStart(8)}\n`);
}
