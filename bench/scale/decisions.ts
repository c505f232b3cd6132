import { parseServerVersion } from '../../src/kubernetes/kube-version.ts';
import type { RequestInfo } from '../../src/kubernetes/request-info.ts';
import { requestInfo } from '../../src/kubernetes/request-info.ts';
import { openExchanges, type ProxySnapshot } from '../../src/proxy/proxy-snapshot.ts';
import { decide } from '../../src/routing/decide.ts';
import { choosePreferred } from '../../src/routing/preferred.ts';
import { NO_LISTING } from '../../src/servers/openapi/openapi-view.ts';
import { type ServerReport, SnapshotBuilder } from '../../src/servers/snapshot-builder.ts';
import type { Upstream } from '../../src/wire/upstream.ts';
import { documentOf, groupName, type Population, VERSIONS, versionOf } from './documents.ts';

/** Nanoseconds; in `visits`, how many servers' load is looked at. */
export interface DecisionResult {
  readonly servers: number;
  readonly types: number;
  readonly preferredNs: number;
  readonly peerNs: number;
  readonly nobodyNs: number;
  readonly connectionNs: number;
  readonly visits: number;
}

const IDLE: Upstream = {
  inFlight: 0,
  request: () => {
    throw new Error('no request is sent');
  },
  upgrade: () => Promise.reject(new Error('no request is sent')),
  close: () => Promise.resolve(),
  suspect: () => {},
  received: 0,
  turnAway: () => {},
};
const NO_CONDITIONS = { '/api': undefined, '/apis': undefined };
const ROUNDS = 200_000;
const REPEATS = 5;

/** What one decision costs in a snapshot of so many servers. */
export function measureDecisions(servers: number, types: number): DecisionResult {
  const snapshot = snapshotOf({ servers, types, variety: 'versions' });
  const now = 0;
  let visits = 0;
  const load = (position: number): number => openExchanges(snapshot.backends[position]);
  const counted = (position: number): number => {
    visits++;
    return load(position);
  };
  // The last position is a server of the oldest version, which lacks the last groups.
  const hint = { preferred: servers - 1, tried: new Set<number>(), alreadyProxied: false, load, now };
  const last = Math.ceil(types / 10) - 1;
  const [common, newest, unknown] = [get(groupName(0)), get(groupName(last)), get('none.example.com')];
  let draw = 0;
  const decideOne = (request: RequestInfo) => () => {
    draw = (draw + 0.618) % 1;
    decide(request, snapshot, { ...hint, draw });
  };
  decide(newest, snapshot, { ...hint, draw: 0.3, load: counted });
  const random = Math.random;
  return {
    servers,
    types,
    preferredNs: nanoseconds(decideOne(common)),
    peerNs: nanoseconds(decideOne(newest)),
    nobodyNs: nanoseconds(decideOne(unknown)),
    connectionNs: nanoseconds(() => choosePreferred(snapshot, { load, random, tried: hint.tried })),
    visits,
  };
}

function get(group: string): RequestInfo {
  return requestInfo('GET', `/apis/${group}/v1/namespaces/default/things0/one`);
}

function snapshotOf(population: Population): ProxySnapshot {
  const documents = VERSIONS.map((_, version) => documentOf(version, population));
  const reports = Array.from({ length: population.servers }, (_, i): ServerReport => {
    const name = `server-${String(i).padStart(3, '0')}`;
    const version = parseServerVersion(VERSIONS[versionOf(i)] ?? '');
    const discovery = documents[versionOf(i)];
    const backend = { name, asserted: IDLE, own: IDLE, unproven: IDLE, anonymous: IDLE, conditions: NO_CONDITIONS };
    const times = { readAt: 0, confirmedAt: 0, readable: true };
    const announced = { version, discovery };
    return {
      name,
      local: false,
      version,
      ready: true,
      condition: '',
      discovery,
      announced,
      ...times,
      backend,
      openapi: undefined,
    };
  });
  const builder = new SnapshotBuilder();
  return builder.build({
    generation: 1,
    reports: builder.order(reports),
    view: 'merged',
    published: undefined,
    openapi: { listing: NO_LISTING, published: undefined },
    incompleteUntil: 0,
  });
}

/** Of one run; the best of some measurements, as others use the machine too. */
function nanoseconds(run: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const started = performance.now();
    for (let round = 0; round < ROUNDS; round++) run();
    best = Math.min(best, ((performance.now() - started) * 1e6) / ROUNDS);
  }
  return best;
}
