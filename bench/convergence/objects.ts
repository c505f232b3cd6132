import type { KubeApiserver } from '../../src/lab/control-plane/kube-apiserver.ts';
import type { Answer, HttpClient, HttpRequest } from '../../test/real/support/http-client.ts';
import { startProxy } from '../../tools/control-plane/proxy.ts';
import { DEFINITIONS, type Gadget, gadget, gadgetObject } from './gadget.ts';
import { type Measured, SeriesRecorder } from './series.ts';
import { Stage } from './stage.ts';

const VERSIONS = ['1.34.4', '1.37.2'] as const;

/** Two connections of one applier: definitions go over the one, objects over the other. */
export interface Lane {
  readonly definitions: HttpClient;
  readonly objects: HttpClient;
}

/** What became of the pairs of one run. */
export interface PairReport {
  readonly pairs: number;
  /** Step and answer of each that was not right. */
  readonly errors: readonly string[];
  readonly latencies: SeriesRecorder;
}

/**
 * Applies definitions with an object each as `kubectl apply` of one file does: the object is created at once, without
 * waiting for anything, on another connection; read back; both are deleted. `lanes` work at the same time, each one pair
 * after the other.
 */
export async function applyPairs(
  lanes: readonly Lane[],
  pairs: number,
  prefix: string,
  report: (pairsDone: number) => void = () => {},
): Promise<PairReport> {
  const errors: string[] = [];
  const latencies = new SeriesRecorder();
  let next = 0;
  let done = 0;
  await Promise.all(
    lanes.map(async (lane) => {
      while (next < pairs) {
        await applyPair(lane, gadget(`${prefix}-${next++}`), errors, latencies);
        report(++done);
      }
    }),
  );
  return { pairs, errors, latencies };
}

async function applyPair(
  { definitions, objects }: Lane,
  type: Gadget,
  errors: string[],
  latencies: SeriesRecorder,
): Promise<void> {
  const object = `${type.collection}/first`;
  const ask = async (step: string, client: HttpClient, request: HttpRequest, expected: number): Promise<void> => {
    const from = performance.now();
    const outcome = await client.request(request).catch((error: unknown) => String(error));
    if (typeof outcome === 'string' || outcome.status !== expected) errors.push(`${step}: ${textOf(outcome)}`);
    else latencies.add(step, performance.now() - from);
  };
  await ask('create the definition', definitions, { method: 'POST', target: DEFINITIONS, body: type.definition }, 201);
  const created = { method: 'POST', target: type.collection, body: gadgetObject(type) };
  await ask('create the object', objects, created, 201);
  await ask('read the object', definitions, { target: object }, 200);
  await ask('delete the object', objects, { method: 'DELETE', target: object }, 200);
  await ask('delete the definition', definitions, { method: 'DELETE', target: type.definitionPath }, 200);
}

function textOf(outcome: Answer | string): string {
  if (typeof outcome === 'string') return outcome;
  const text = outcome.body.toString();
  // Names and servers differ from pair to pair; errors of one kind are to be counted together.
  const message = text.startsWith('{') ? (JSON.parse(text).message ?? '') : text.trim();
  return `${outcome.status} ${String(message).replaceAll(/\S+convergence\.example\S*/g, '…')}`;
}

/** How definitions fare whose objects are created at once: through the proxy, and for comparison at one server alone. */
export async function measureObjects(
  pairs: number,
  lanes: number,
  report: (line: string) => void,
): Promise<Measured[]> {
  await using stage = await Stage.start(VERSIONS.map((version) => ({ name: `server-${version}`, version })));
  const proxy = await startProxy(stage.controlPlane);
  const throughProxy: Lane[] = [];
  for (let i = 0; i < lanes; i++) {
    const [one = '', other = ''] = i % 2 === 0 ? VERSIONS : VERSIONS.toReversed();
    const definitions = await stage.clientPreferring(proxy, one);
    throughProxy.push({ definitions, objects: await stage.clientPreferring(proxy, other) });
  }
  const through = await applyPairs(throughProxy, pairs, 'pair', (done) => {
    if (done % 100 === 0) report(`objects: ${done} of ${pairs} pairs`);
  });
  const [first, second] = stage.servers;
  if (first === undefined || second === undefined) throw new RangeError('two servers are needed');
  const lanesTo = (definitions: KubeApiserver, objects: KubeApiserver): Lane[] =>
    Array.from({ length: lanes }, () => ({
      definitions: stage.clientOf(definitions),
      objects: stage.clientOf(objects),
    }));
  const compared = Math.ceil(pairs / 10);
  const alone = await applyPairs(lanesTo(first, first), compared, 'alone');
  const apart = await applyPairs(lanesTo(first, second), compared, 'apart');
  const method = `The object is created at once, without waiting, on another connection than the definition. ${lanes} appliers work at the same time. Latencies are of what succeeded.`;
  return [
    measured('Definitions with an object each, applied through the proxy', method, through),
    measured(
      'For comparison: the same at one server, without a proxy',
      `As above, with ${first.version} alone. Errors are Kubernetes’ own: a server that has just accepted a definition does not serve it yet, and makes the first request for an object wait for two seconds.`,
      alone,
    ),
    measured(
      'For comparison: the same at two servers, without a proxy',
      `As above, definitions at ${first.version} and objects at ${second.version}.`,
      apart,
    ),
  ];
}

function measured(title: string, method: string, { pairs, errors, latencies }: PairReport): Measured {
  const kinds = new Map<string, number>();
  for (const error of errors) kinds.set(error, (kinds.get(error) ?? 0) + 1);
  return {
    title,
    method,
    series: latencies.series,
    counts: [['pairs', pairs], ['**errors**', errors.length], ...kinds],
  };
}
