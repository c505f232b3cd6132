import { setTimeout as delay } from 'node:timers/promises';
import type { KubeApiserver } from '../../src/lab/control-plane/kube-apiserver.ts';
import type { Sightings } from '../../test/real/support/sightings.ts';
import { OLD_RUNTIME_CONFIG } from '../../test/real/support/skewed-resources.ts';
import { startProxy } from '../../tools/control-plane/proxy.ts';
import { AnswerCounts, type Observed, observe } from './observed.ts';
import { type Measured, SeriesRecorder } from './series.ts';
import { is, Stage, watchRequest } from './stage.ts';

/** What only the third server serves. */
const TYPE = { group: 'networking.k8s.io', version: 'v1beta1', resource: 'ipaddresses' };
/** Answers are watched for as long after each change, so that one that comes late is counted. */
const AFTERMATH_MS = 300;
/** kube-apiserver waits for a minute for open watches unless told otherwise; rounds do not. */
const MOST_TO_END_MS = 3_000;

/** How soon a server that came or went is noticed. */
export async function measureServers(rounds: number, report: (line: string) => void): Promise<Measured[]> {
  await using stage = await Stage.start([
    { name: 'old', version: '1.34.4' },
    { name: 'new', version: '1.37.2' },
    { name: 'third', version: '1.34.4', runtimeConfig: OLD_RUNTIME_CONFIG },
  ]);
  const third = stage.controlPlane.server('third');
  const [kept, fresh] = await Promise.all([
    startProxy(stage.controlPlane, { name: 'kept' }),
    startProxy(stage.controlPlane, { name: 'fresh' }),
  ]);
  const clients = { kept: stage.clientOf(kept), third: stage.clientOf(third, 'http/1.1') };
  const added = new SeriesRecorder();
  const back = new SeriesRecorder();
  const gone = { SIGTERM: new SeriesRecorder(), SIGKILL: new SeriesRecorder() };
  const answers = new AnswerCounts();

  await third.kill();
  for (let round = 0; round < rounds; round++) {
    await fresh.restart('SIGKILL');
    const freshClient = stage.clientOf(fresh);
    const observed = [
      { ...observe(stage, clients.kept, TYPE), series: back },
      { ...observe(stage, freshClient, TYPE), series: added },
    ];
    const ready = watchRequest(clients.third, { target: '/readyz' }, ({ status }) => String(status));
    await Promise.all(observed.map(({ requests }) => requests.until(is('503'))));

    const starting = performance.now();
    await third.start();
    const { at: from } = await ready.until(is('200'), starting);
    for (const { requests, merged, series } of observed) {
      const routed = await requests.until(is('200'), starting);
      const listed = await merged.until(is('Current'), starting);
      series.add('**`/readyz` is 200 → first request that only it can serve**', routed.at - from);
      series.add('**`/readyz` is 200 → its types are `Current`**', listed.at - from);
    }
    await delay(AFTERMATH_MS);

    const signal = round % 2 === 0 ? 'SIGTERM' : 'SIGKILL';
    await end(third, signal, observed[0], ready, gone[signal]);
    await delay(AFTERMATH_MS);
    for (const { requests, merged } of observed) {
      await Promise.all([requests.stop(), merged.stop()]);
      answers.add(requests);
    }
    await ready.stop();
    freshClient.close();
    if (round % 10 === 9) report(`servers: ${round + 1} of ${rounds} rounds`);
  }

  const method =
    'A third server is the only one that serves `networking.k8s.io/v1beta1`; a request for it and the merged document are asked for all the time.';
  return [
    {
      title: 'A server is added',
      method: `${method} The proxy knows its address and has never seen it running. Its process is started.`,
      series: added.series,
      counts: answers.counts,
    },
    {
      title: 'A server comes back',
      method: 'As above; the proxy has seen it before.',
      series: back.series,
      counts: [],
    },
    {
      title: 'A server ends (SIGTERM)',
      method:
        'It is asked to end; until it stops listening it answers what it is sent. By default, without `--shutdown-delay-duration`, that is at once.',
      series: gone.SIGTERM.series,
      counts: [],
    },
    { title: 'A server dies (SIGKILL)', method: 'Its process is killed.', series: gone.SIGKILL.series, counts: [] },
  ];
}

async function end(
  server: KubeApiserver,
  signal: NodeJS.Signals,
  observed: Observed | undefined,
  ready: Sightings,
  series: SeriesRecorder,
): Promise<void> {
  if (observed === undefined) return;
  const from = performance.now();
  const ended = server.stop(signal);
  const unready = await ready.until((value) => value !== '200', from);
  const refused = await observed.requests.until(is('503'), from);
  const stale = await observed.merged.until(is('Stale'), from);
  series.add('signal → it fails `/readyz` or is not there', unready.at - from);
  series.add('**signal → 503**', refused.at - from);
  series.add('**signal → `Stale`**', stale.at - from);
  await Promise.race([ended, delay(MOST_TO_END_MS)]);
  series.add(`signal → its process has ended (or ${MOST_TO_END_MS} ms)`, performance.now() - from);
  await server.kill();
}
