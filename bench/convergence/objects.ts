import type { KubeApiserver } from '../../src/lab/control-plane/kube-apiserver.ts';
import { applyPairs, type Lane, type PairReport } from '../../test/real/support/definition-pairs.ts';
import { startProxy } from '../../tools/control-plane/proxy.ts';
import { type Measured, SeriesRecorder } from './series.ts';
import { Stage } from './stage.ts';

const VERSIONS = ['1.34.4', '1.37.2'] as const;

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
  const through = await run(throughProxy, pairs, 'pair', report);
  const [first, second] = stage.servers;
  if (first === undefined || second === undefined) throw new RangeError('two servers are needed');
  const lanesTo = (definitions: KubeApiserver, objects: KubeApiserver): Lane[] =>
    Array.from({ length: lanes }, () => ({
      definitions: stage.clientOf(definitions),
      objects: stage.clientOf(objects),
    }));
  const compared = Math.ceil(pairs / 10);
  const alone = await run(lanesTo(first, first), compared, 'alone', report);
  const apart = await run(lanesTo(first, second), compared, 'apart', report);
  const method = `The object is created at once, without waiting, on another connection than the definition. ${lanes} appliers work at the same time. Latencies are of what succeeded. What is answered with Retry-After is repeated, as client-go does. kube-apiserver itself makes the creation of an object wait for two seconds when its definition is new.`;
  return [
    measured('Definitions with an object each, applied through the proxy', method, through),
    measured(
      'For comparison: the same at one server, without a proxy',
      `As above, with ${first.version} alone. Errors are Kubernetes’ own: a server that has just accepted a definition does not serve it yet.`,
      alone,
    ),
    measured(
      'For comparison: the same at two servers, without a proxy',
      `As above, definitions at ${first.version} and objects at ${second.version}.`,
      apart,
    ),
  ];
}

interface Run extends PairReport {
  readonly latencies: SeriesRecorder;
}

async function run(
  lanes: readonly Lane[],
  pairs: number,
  prefix: string,
  report: (line: string) => void,
): Promise<Run> {
  const latencies = new SeriesRecorder();
  let done = 0;
  const paired = await applyPairs(lanes, pairs, prefix, (step, milliseconds) => {
    latencies.add(step, milliseconds);
    if (step === 'delete the definition' && ++done % 100 === 0) report(`objects: ${done} of ${pairs} pairs`);
  });
  return { ...paired, latencies };
}

function measured(title: string, method: string, { pairs, failed, errors, repeated, latencies }: Run): Measured {
  const answers = [...count('', errors), ...count('repeated: ', repeated)];
  return {
    title,
    method,
    series: latencies.series,
    counts: [['pairs', pairs], ['**pairs with an error**', failed], ...answers],
  };
}

function count(prefix: string, texts: readonly string[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(prefix + text, (counts.get(prefix + text) ?? 0) + 1);
  return [...counts];
}
