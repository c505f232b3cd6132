import assert from 'node:assert/strict';
import { NOPEER, V2 } from '../../test/real/support/aggregated-discovery.ts';
import { DEFINITIONS, type Gadget, gadget } from '../../test/real/support/gadget.ts';
import type { HttpClient } from '../../test/real/support/http-client.ts';
import { aggregated, SHAPES } from '../../test/real/support/shapes.ts';
import type { Sightings } from '../../test/real/support/sightings.ts';
import { type ProxyOptions, startProxy } from '../../tools/control-plane/proxy.ts';
import { type Measured, type Series, SeriesRecorder } from './series.ts';
import { is, Stage, watchRequest, withFields } from './stage.ts';

const OWN = aggregated('own', NOPEER);
const MERGED = aggregated('merged', V2);
const VERSIONS = ['1.34.4', '1.37.2'] as const;

/** Where a definition is created and deleted: on a connection to one of the servers, or through the proxy to it. */
interface Way {
  readonly client: HttpClient;
  readonly series: SeriesRecorder;
}

/** How soon a definition that came or went is seen in the merged view. */
export async function measureDefinitions(rounds: number, report: (line: string) => void): Promise<Measured[]> {
  await using bench = await startBench({});
  const { run, throughProxy, direct } = bench;
  const [created, createdDirectly, asked] = [new SeriesRecorder(), new SeriesRecorder(), new SeriesRecorder()];
  const [deleted, deletedDirectly] = [new SeriesRecorder(), new SeriesRecorder()];
  for (let round = 0; round < rounds; round++) {
    const [client, server] = [turn(throughProxy, round), turn(direct, round)];
    await run.create(gadget(`proxy-${round}`), { client, series: created });
    await run.delete(gadget(`proxy-${round}`), { client, series: deleted });
    await run.create(gadget(`direct-${round}`), { client: server, series: createdDirectly });
    await run.delete(gadget(`direct-${round}`), { client: server, series: deletedDirectly });
    await run.ask(gadget(`asked-${round}`), { client, series: asked });
    if (round % 10 === 9) report(`definitions: ${round + 1} of ${rounds} rounds`);
  }
  return [
    measured('A definition is created through the proxy', `${THROUGH} ${PASSIVE}`, created),
    measured('A definition is created at one server', `${DIRECT} ${PASSIVE}`, createdDirectly),
    measured('A definition is deleted through the proxy', `${THROUGH} ${PASSIVE}`, deleted),
    measured('A definition is deleted at one server', `${DIRECT} ${PASSIVE}`, deletedDirectly),
    measured(
      'A definition is created through the proxy, and its list is asked for at once',
      'The observer asks for `/apis/G/V` all the time. Nobody lists it, so that the proxy reads the servers’ discovery again before it answers.',
      asked,
    ),
  ];
}

/** The same where the proxy may not watch. */
export async function measurePolling(rounds: number, report: (line: string) => void): Promise<Measured[]> {
  await using bench = await startBench({ extraArgs: ['--discovery-watch=false'] });
  const [created, deleted] = [new SeriesRecorder(), new SeriesRecorder()];
  for (let round = 0; round < rounds; round++) {
    const client = turn(bench.throughProxy, round);
    await bench.run.create(gadget(`polled-${round}`), { client, series: created });
    await bench.run.delete(gadget(`polled-${round}`), { client, series: deleted });
  }
  report(`polling: ${rounds} rounds`);
  const method = `${THROUGH} The proxy does not watch, as where nobody has applied deploy/rbac.yaml: it reads every two seconds.`;
  return [
    measured('For comparison: a definition is created, without watches', method, plain(created)),
    measured('For comparison: a definition is deleted, without watches', method, plain(deleted)),
  ];
}

const THROUGH = `On a connection whose requests go to ${VERSIONS.join(' and ')} in turn.`;
const DIRECT = `Directly at ${VERSIONS.join(' and ')} in turn, past the proxy.`;
const PASSIVE =
  'The observer was let in before and asks for aggregated discovery, so that nothing but the proxy’s own reading tells it.';

function measured(title: string, method: string, { series }: { readonly series: readonly Series[] }): Measured {
  return { title, method, series, counts: [] };
}

/** Without the mark of what has to meet the goal. */
function plain({ series }: SeriesRecorder): { readonly series: readonly Series[] } {
  return { series: series.map(({ name, values }) => ({ name: name.replaceAll('**', ''), values })) };
}

function turn<T>(items: readonly T[], round: number): T {
  const item = items[round % items.length];
  assert.ok(item !== undefined);
  return item;
}

interface Bench extends AsyncDisposable {
  readonly run: DefinitionRun;
  readonly throughProxy: readonly HttpClient[];
  readonly direct: readonly HttpClient[];
}

async function startBench(options: ProxyOptions): Promise<Bench> {
  const stage = await Stage.start(VERSIONS.map((version) => ({ name: `server-${version}`, version })));
  const proxy = await startProxy(stage.controlPlane, options);
  const observers = { servers: stage.servers.map((server) => stage.clientOf(server)), proxy: stage.clientOf(proxy) };
  return {
    run: new DefinitionRun(stage, observers),
    throughProxy: await Promise.all(VERSIONS.map((version) => stage.clientPreferring(proxy, version))),
    direct: stage.servers.map((server) => stage.clientOf(server)),
    [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose](),
  };
}

interface Observers {
  readonly servers: readonly HttpClient[];
  readonly proxy: HttpClient;
}

class DefinitionRun {
  readonly #stage: Stage;
  readonly #observers: Observers;

  constructor(stage: Stage, observers: Observers) {
    this.#stage = stage;
    this.#observers = observers;
  }

  async create(type: Gadget, { client, series }: Way): Promise<void> {
    await using watched = await this.#watch(type, 'absent');
    const from = await this.#change(client, { method: 'POST', target: DEFINITIONS, body: type.definition }, 201);
    const servers = await Promise.all(watched.servers.map((server) => server.until(is('Current'), from)));
    const merged = await watched.merged.until(is('Current'), from);
    const shapes = await this.#everyShape(type, watched.caller, is('Current', 'listed'));
    const times = servers.map(({ at }) => at);
    series.add('201 → the first server lists it', Math.min(...times) - from);
    series.add('201 → every server lists it', Math.max(...times) - from);
    series.add('**201 → merged aggregated discovery**', merged.at - from);
    series.add('the first server lists it → merged', merged.at - Math.min(...times));
    series.add('201 → every shape, asked one after the other', shapes - from);
  }

  async delete(type: Gadget, { client, series }: Way): Promise<void> {
    await using watched = await this.#watch(type, 'Current');
    const from = await this.#change(client, { method: 'DELETE', target: type.definitionPath }, 200);
    const servers = await Promise.all(watched.servers.map((server) => server.until(is('absent'), from)));
    const merged = await watched.merged.until(is('absent'), from);
    const shapes = await this.#everyShape(type, watched.caller, is('absent'));
    const last = Math.max(...servers.map(({ at }) => at));
    series.add('200 → no server lists it', last - from);
    series.add('**200 → gone from merged aggregated discovery**', merged.at - from);
    series.add('no server lists it → gone from merged', merged.at - last);
    series.add('200 → gone from every shape, asked one after the other', shapes - from);
  }

  async ask(type: Gadget, { client, series }: Way): Promise<void> {
    const shape = SHAPES.find(({ name }) => name === '/apis/G/V');
    assert.ok(shape !== undefined);
    const listed = this.#stage.watch(this.#observers.proxy, shape, type, this.#stage.newCaller());
    await listed.until(is('absent'));
    const from = await this.#change(client, { method: 'POST', target: DEFINITIONS, body: type.definition }, 201);
    series.add('**201 → `/apis/G/V`**', (await listed.until(is('listed'), from)).at - from);
    const deleted = await this.#change(client, { method: 'DELETE', target: type.definitionPath }, 200);
    series.add('200 of its deletion → `/apis/G/V` is 404', (await listed.until(is('absent'), deleted)).at - deleted);
    await listed.stop();
  }

  async #change(client: HttpClient, request: Parameters<HttpClient['request']>[0], expected: number): Promise<number> {
    const { status, body } = await client.request(request);
    const now = performance.now();
    assert.equal(status, expected, body.toString());
    return now;
  }

  /** Resolves when every observer has seen `state`. */
  async #watch(type: Gadget, state: string): Promise<Watched> {
    const caller = this.#stage.newCaller();
    const servers = this.#observers.servers.map((client) => this.#stage.watch(client, OWN, type));
    const merged = this.#stage.watch(this.#observers.proxy, MERGED, type, caller);
    await Promise.all([...servers, merged].map((sightings) => sightings.until(is(state))));
    return {
      caller,
      servers,
      merged,
      async [Symbol.asyncDispose]() {
        await Promise.all([...servers, merged].map((sightings) => sightings.stop()));
      },
    };
  }

  /** Asks each shape until it says so; when the last one did. */
  async #everyShape(type: Gadget, caller: readonly string[], accept: (value: string) => boolean): Promise<number> {
    let last = 0;
    for (const shape of SHAPES) {
      const request = withFields(shape.request(type), caller);
      const sightings = watchRequest(this.#observers.proxy, request, (answer) => shape.read(type, answer));
      last = (await sightings.until(accept)).at;
      await sightings.stop();
    }
    return last;
  }
}

interface Watched extends AsyncDisposable {
  readonly caller: readonly string[];
  readonly servers: readonly Sightings[];
  readonly merged: Sightings;
}
