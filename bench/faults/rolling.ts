import { setTimeout as delay } from 'node:timers/promises';
import { LabClient } from '../../src/lab/client/lab-client.ts';
import type { ControlPlane } from '../../src/lab/control-plane/control-plane.ts';
import type { KubeApiserver, KubeApiserverChange } from '../../src/lab/control-plane/kube-apiserver.ts';
import type { Reporter } from '../../src/lab/control-plane/reporter.ts';
import { makeReadObjects, type ObjectWork, SECRET_WORK, writtenNames } from '../../test/real/support/object-work.ts';
import { ResumingWatch } from '../../test/real/support/resuming-watch.ts';
import { type ProxyProcess, startProxy } from '../../tools/control-plane/proxy.ts';
import { startControlPlane } from '../../tools/control-plane/start.ts';
import { adminClient, adminConnections } from './access.ts';
import { type LoadRun, underLoad } from './load-run.ts';
import { serverReady } from './proxy-status.ts';
import { failureTable, of, truthTable, windowTable } from './run-tables.ts';
import { type Figure, noneOf, type Scenario, type ScenarioTable } from './scenario.ts';
import { FORWARDERS, type Forwarder, Stage } from './stage.ts';
import { failures, type RunSummary, summarise } from './summary.ts';

const WATCHES = 10;
const BEFORE_S = 5;
const AFTER_S = 5;
const SEEN_TIMEOUT_MS = 60_000;
const NOT_COMPARABLE = '–';
/** Without it a server that is told to end waits a minute for those who watch it. */
const SHORT_WATCH_GRACE = ['--shutdown-watch-termination-grace-period=1s'];

/** What watchers made of a run. */
interface Watched {
  readonly ends: ReadonlyMap<string, number>;
  /** Objects that were created and not announced, over all watchers. */
  readonly missed: number;
  /** Objects announced twice, over all watchers. */
  readonly repeated: number;
}

/** All servers restart in turn, twice, as newer versions; and, to compare, the two servers that serve a type. */
export async function measureRolling(perSecond: number, report: Reporter): Promise<Scenario[]> {
  return [await wholeControlPlane(perSecond, report), await capableServers(perSecond, report)];
}

async function wholeControlPlane(perSecond: number, report: Reporter): Promise<Scenario> {
  const names = ['a', 'b', 'c'];
  await using controlPlane = await startControlPlane({
    servers: names.map((name) => ({ name, version: '1.34.4', drains: true })),
    report: () => {},
  });
  const proxy = await startProxy(controlPlane);
  const owner = adminClient(controlPlane, proxy.url);
  await makeReadObjects(owner, SECRET_WORK);
  const passes: readonly (readonly [title: string, change: KubeApiserverChange])[] = [
    ['1.34.4 → 1.36.3', { version: '1.36.3', drains: false, extraArgs: SHORT_WATCH_GRACE }],
    ['1.36.3 → 1.37.2', { version: '1.37.2' }],
  ];
  const runs: RunSummary[] = [];
  const watched: Watched[] = [];
  for (const [title, change] of passes) {
    const prefix = `rolling-${runs.length}-`;
    const watchers = await Watchers.start(controlPlane, proxy.url, SECRET_WORK);
    const run = await underLoad({
      connections: adminConnections(controlPlane, proxy.url),
      work: SECRET_WORK,
      perSecond,
      prefix,
      beforeS: BEFORE_S,
      afterS: 0,
      fault: async () => {
        for (const server of controlPlane.servers) await replaceAndWait(server, change, proxy);
        await delay(AFTER_S * 1000);
      },
      written: () => writtenNames(owner, SECRET_WORK, prefix),
    });
    watched.push(await watchers.finish(run));
    runs.push(summarise('mvproxy', run));
    report(`rolling: ${title}`);
  }
  owner.close();
  return {
    title: 'All servers restart in turn, as a newer version',
    method: `${perSecond} requests a second for Secrets, which all of them serve, and ${WATCHES} watches. Three servers become 1.36.3 from 1.34.4, with \`--shutdown-delay-duration=2.5s\`, and then 1.37.2 without it. The next one goes when the proxy counts the one before as ready. Native forwards nothing here, and without a balancer its clients lose their server.`,
    figures: [
      noneOf('reads that failed', failures(runs, 'read'), NOT_COMPARABLE),
      noneOf('writes that failed', failures(runs, 'write'), NOT_COMPARABLE),
      noneOf(
        'events that a watch missed which is resumed and never listed again',
        sum(watched, 'missed'),
        NOT_COMPARABLE,
      ),
      noneOf('events that came twice', sum(watched, 'repeated'), NOT_COMPARABLE),
    ],
    tables: [
      endsTable(watched.map((one) => ['mvproxy', one])),
      windowTable(runs),
      failureTable(runs),
      truthTable(runs),
    ],
    runs,
  };
}

async function capableServers(perSecond: number, report: Reporter): Promise<Scenario> {
  await using stage = await Stage.start({ server: { drains: true } });
  const runs: RunSummary[] = [];
  const watched: [Forwarder, Watched][] = [];
  for (const forwarder of FORWARDERS) {
    await stage.calm(forwarder);
    const { controlPlane, gateway, work } = stage;
    const watchers = await Watchers.start(controlPlane, stage.url(forwarder), work);
    const run = await stage.underLoad(forwarder, {
      perSecond,
      prefix: `rolling-${forwarder}-`,
      beforeS: BEFORE_S,
      afterS: 0,
      fault: async () => {
        for (const name of ['one', 'two'] as const) await replaceAndWait(stage.server(name), {}, gateway);
        await delay(AFTER_S * 1000);
      },
    });
    watched.push([forwarder, await watchers.finish(run)]);
    runs.push(summarise(forwarder, run));
    report(`rolling: ${forwarder} is measured`);
  }
  const compare = (what: string, read: (forwarder: Forwarder) => number): Figure =>
    noneOf(what, read('mvproxy'), read('native'));
  const failed = (kind: 'read' | 'write') => (forwarder: Forwarder) => failures(of(runs, forwarder), kind);
  const denied = (forwarder: Forwarder): number => {
    const own = of(runs, forwarder);
    return failures(own, 'read', 'false 404') + failures(own, 'write', 'false 404');
  };
  const watchSum = (key: 'missed' | 'repeated') => (forwarder: Forwarder) =>
    sum(
      watched.filter(([own]) => own === forwarder).map(([, one]) => one),
      key,
    );
  return {
    title: 'The two capable servers restart in turn',
    method: `${perSecond} requests a second for Jobs, and ${WATCHES} watches of them. Each capable server is told to end (SIGTERM, \`--shutdown-delay-duration=2.5s\`) and started again.`,
    figures: [
      compare('reads that failed', failed('read')),
      compare('writes that failed', failed('write')),
      compare('events that a watch missed which is resumed and never listed again', watchSum('missed')),
      compare('false 404s among them', denied),
    ],
    tables: [endsTable(watched), windowTable(runs), failureTable(runs), truthTable(runs)],
    runs,
  };
}

/** Watches through one endpoint, each on a connection of its own. */
class Watchers {
  readonly #clients: readonly LabClient[];
  readonly #watches: readonly ResumingWatch[];

  private constructor(clients: readonly LabClient[], watches: readonly ResumingWatch[]) {
    this.#clients = clients;
    this.#watches = watches;
  }

  static async start({ pki }: ControlPlane, url: string, { written }: ObjectWork): Promise<Watchers> {
    const clients = Array.from(
      { length: WATCHES },
      (_, i) =>
        new LabClient({
          name: `watcher-${i}`,
          url,
          ca: pki.servingCa.cert,
          certificate: pki.admin,
          userAgent: 'watcher',
          timeoutMs: 30_000,
        }),
    );
    return new Watchers(clients, await Promise.all(clients.map((client) => ResumingWatch.start(client, written))));
  }

  /** Waits for the events of all that was created, and ends. */
  async finish({ results }: LoadRun): Promise<Watched> {
    const created = results.flatMap(({ outcome, name }) => (outcome === 'right' && name !== undefined ? [name] : []));
    await Promise.allSettled(this.#watches.map((watch) => watch.until(created, SEEN_TIMEOUT_MS)));
    const ends = new Map<string, number>();
    for (const watch of this.#watches) {
      for (const [how, times] of watch.ends) ends.set(how, (ends.get(how) ?? 0) + times);
      watch.close();
    }
    await Promise.all(this.#clients.map((client) => client.close()));
    const counts = this.#watches.map(({ added }) => ({
      missed: created.filter((name) => !added.has(name)).length,
      repeated: [...added.values()].filter((times) => times > 1).length,
    }));
    return { ends, missed: sum(counts, 'missed'), repeated: sum(counts, 'repeated') };
  }
}

async function replaceAndWait(server: KubeApiserver, change: KubeApiserverChange, proxy: ProxyProcess): Promise<void> {
  await server.replace(change);
  await serverReady(proxy, server.name);
}

function endsTable(watched: readonly (readonly [Forwarder, Watched])[]): ScenarioTable {
  const rows = watched.flatMap(([forwarder, { ends }]) =>
    [...ends].toSorted().map(([how, times]) => [forwarder, how, String(times)]),
  );
  return { caption: 'How watches ended.', header: ['through', 'end', 'times'], rows };
}

function sum<Key extends string>(counted: readonly Readonly<Record<Key, number>>[], key: Key): number {
  return counted.reduce((total, one) => total + one[key], 0);
}
