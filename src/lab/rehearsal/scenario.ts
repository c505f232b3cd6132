import type { GroupVersionResource } from '../api-object.ts';
import { resourcePath } from '../client/api-path.ts';
import type { LabClient } from '../client/lab-client.ts';
import { pause } from '../client/pause.ts';
import type { Controllers } from '../controllers/controllers.ts';
import type { LabServer } from '../plane/lab-server.ts';
import { Dependents } from './dependents.ts';
import type { DiscoveryJudge } from './discovery-judge.ts';
import { DoomedNamespaces } from './doomed-namespaces.ts';
import { Load } from './load/load.ts';
import { installDefinition, WIDGETS } from './new-definition.ts';
import type { Wrong404 } from './result.ts';
import { typeName } from './served-history.ts';
import type { Stage } from './stage.ts';
import { NAMESPACES, samplesOf } from './type-samples.ts';
import { giveWrong404 } from './wrong-404.ts';

const NAMESPACE = 'rehearsal';
/** How often everybody works before the upgrade begins, and after a fault is over. */
const WARM_UP = 3;
const OWNER_TYPES = 2;

export interface ScenarioOptions {
  /** The version to upgrade to, as the plane's servers take it. */
  readonly to: string;
  /** Rounds in the first phase of mixed versions; the others have `bounds.rounds`. */
  readonly firstRounds: number;
  /** Ends the first phase of mixed versions as soon as damage of every kind shows, at the earliest after `bounds.rounds`. */
  readonly untilHarm: boolean;
  readonly wrong404: Wrong404 | undefined;
  /** Of the one proxy in front, if there is one. */
  readonly adminUrl: string | undefined;
  readonly startControllers: () => Promise<Controllers>;
}

/** Sets of objects that a round adds to and that are judged at the end; undefined until the first server is upgraded. */
interface Skewed {
  readonly types: readonly GroupVersionResource[];
  readonly dependents: Dependents;
  readonly namespaces: DoomedNamespaces;
}

/**
 * A rolling upgrade with accidents: server after server is stopped and started as the new version, slowly; the first one is
 * killed once it is the only new one; one hangs before the last upgrade; a CustomResourceDefinition is installed midway;
 * controllers restart at every step, as kube-controller-manager does in an upgrade.
 */
export class Scenario {
  readonly load: Load;
  readonly #stage: Stage;
  readonly #options: ScenarioOptions;
  #controllers: Controllers | undefined;
  #skewed: Skewed | undefined;
  /** Rounds in the first phase of mixed versions, and in all. */
  firstRounds = 0;
  rounds = 0;

  constructor(stage: Stage, judge: DiscoveryJudge, options: ScenarioOptions) {
    this.#stage = stage;
    this.#options = options;
    this.load = new Load(stage, judge, NAMESPACE, ({ metadata }) => {
      if (this.#skewed?.dependents.isDependent(metadata.name)) stage.measurements.collectedDependent();
    });
  }

  get skewed(): Skewed | undefined {
    return this.#skewed;
  }

  /** Rejects when a server cannot be started or stopped, or the rehearsal is stopped. */
  async run(): Promise<void> {
    const { measurements, plane, bounds } = this.#stage;
    const { servers } = plane;
    const oldTypes = await this.#baseline(servers);
    for (const [index, server] of servers.entries()) {
      const isFirst = index === 0;
      const isLast = index === servers.length - 1;
      await this.#upgrade(server, `${index + 1} of ${servers.length}`);
      if (isLast) break;
      measurements.mark('phase', `mixed versions, ${index + 1} of ${servers.length} upgraded`);
      if (isFirst) await this.#useNewTypes(server, oldTypes);
      if (isFirst) await this.#giveWrong404(server);
      if (index === Math.floor((servers.length - 1) / 2)) await this.#installDefinition();
      await this.#rounds(isFirst);
      if (isFirst) await this.#crash(server);
      if (index === servers.length - 2) await this.#hang(servers[0] ?? server);
    }
    measurements.mark('phase', 'all upgraded');
    await this.#restartControllers();
    await this.#skewed?.dependents.add();
    await this.#judged();
    if (bounds.rounds > 0) await this.#namespacesGone(bounds.stepMs);
  }

  /** A server of the new version that is ready, asked directly. */
  capable(): LabClient | undefined {
    const { plane, served } = this.#stage;
    const now = Date.now();
    const type = this.#skewed?.types[0];
    const server = plane.servers.findLast(
      ({ name, state }) => state === 'ready' && (type === undefined || served.serves(name, typeName(type), now)),
    );
    return server === undefined ? undefined : this.#stage.direct(server);
  }

  async close(): Promise<void> {
    this.load.close();
    await this.#controllers?.close();
    this.#controllers = undefined;
  }

  async #baseline(servers: readonly LabServer[]): Promise<ReadonlySet<string>> {
    const stage = this.#stage;
    stage.measurements.mark('phase', 'before the upgrade');
    let types: ReadonlySet<string> = new Set();
    for (const server of servers) types = await this.#isReady(server);
    const client = stage.client('namespace-user');
    const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } };
    await stage.create(client, resourcePath(NAMESPACES), body, NAMESPACE);
    this.load.start();
    await this.#restartControllers();
    await stage.until('everybody has worked before the upgrade', () => this.load.hasWorked(WARM_UP));
    return types;
  }

  async #upgrade(server: LabServer, which: string): Promise<void> {
    const { measurements, served, bounds, signal } = this.#stage;
    signal.throwIfAborted();
    measurements.mark('phase', `upgrade ${which}`);
    await this.#restartControllers();
    measurements.mark('server', `${server.name} (${server.version}) is told to stop`);
    served.notReady(server.name, Date.now());
    await server.stop();
    signal.throwIfAborted();
    await server.start({ version: this.#options.to, delayMs: bounds.slowStartMs });
    await this.#isReady(server);
    measurements.mark('server', `${server.name} is ready as ${server.version}`);
  }

  async #isReady(server: LabServer): Promise<ReadonlySet<string>> {
    const at = Date.now();
    const types = new Set(
      (await this.#stage.ownTypes(server)).filter(({ group }) => group !== WIDGETS.group).map(typeName),
    );
    this.#stage.served.ready(server.name, types, at);
    return types;
  }

  /** From now on everybody uses what only the first upgraded server has, as soon as the front says that it is there. */
  async #useNewTypes(server: LabServer, oldTypes: ReadonlySet<string>): Promise<void> {
    const stage = this.#stage;
    const types = (await stage.ownTypes(server)).filter((type) => !oldTypes.has(typeName(type)));
    const samples = samplesOf(types, { authority: stage.plane.pki.servingCa.cert });
    await stage.until('discovery lists the new types', () =>
      samples.every((sample) => this.load.discovery.hasListed(sample)),
    );
    const owners = samples.filter(({ namespaced }) => !namespaced).slice(0, OWNER_TYPES);
    const contents = samples.filter(({ namespaced }) => namespaced);
    for (const sample of samples) this.load.use(sample);
    this.load.discovery.interesting = samples;
    this.#skewed = {
      types: types.map(({ group, version, resource }) => ({ group, version, resource })),
      dependents: new Dependents(stage, owners, NAMESPACE),
      namespaces: new DoomedNamespaces(stage, contents),
    };
  }

  async #giveWrong404(server: LabServer): Promise<void> {
    const { wrong404, adminUrl } = this.#options;
    if (wrong404 === undefined) return;
    await giveWrong404(this.#stage, server, wrong404, adminUrl);
  }

  async #installDefinition(): Promise<void> {
    if (await installDefinition(this.#stage, NAMESPACE)) this.load.use(WIDGETS);
  }

  async #rounds(isFirst: boolean): Promise<void> {
    const { bounds, signal } = this.#stage;
    const { firstRounds, untilHarm } = this.#options;
    const least = isFirst ? Math.max(1, firstRounds) : Math.max(1, bounds.rounds);
    const most = isFirst && untilHarm ? Math.max(least, bounds.maxRounds) : least;
    for (let round = 1; round <= most; round += 1) {
      signal.throwIfAborted();
      this.rounds += 1;
      if (isFirst) this.firstRounds = round;
      const hasHarm = await this.#round();
      if (hasHarm && round >= least) return;
    }
  }

  /** Returns whether the damage so far is of every kind that there can be. */
  async #round(): Promise<boolean> {
    const { measurements, bounds } = this.#stage;
    if (this.#skewed === undefined) return false;
    const { dependents, namespaces } = this.#skewed;
    measurements.mark('round', `round ${this.rounds}`);
    for (const owner of await dependents.add()) this.load.reader.add(owner);
    await namespaces.fillAndDelete();
    await this.#restartControllers();
    await this.#judged();
    await this.#namespacesGone(bounds.stepMs);
    return this.#endRound();
  }

  async #endRound(): Promise<boolean> {
    const direct = this.capable();
    if (this.#skewed === undefined || direct === undefined) return false;
    const { measurements } = this.#stage;
    const { dependents, namespaces } = this.#skewed;
    const collected = await dependents.endRound(this.rounds, direct);
    const { leaked } = await namespaces.findings(direct);
    if (collected > 0) measurements.mark('finding', `${collected} dependents of living owners were collected`);
    const added = leaked.length - measurements.leakedNamespaces;
    if (added > 0) measurements.mark('finding', `${added} namespaces are gone while objects in them still exist`);
    measurements.leakedNamespaces = leaked.length;
    return measurements.collected > 0 && (leaked.length > 0 || !namespaces.canLeak);
  }

  /** Resolves when the garbage collector has judged what it knows, at the earliest after the time of a round. */
  async #judged(): Promise<void> {
    const { bounds, signal } = this.#stage;
    const settled = this.#controllers?.settled() ?? Promise.resolve();
    await Promise.race([Promise.all([settled, pause(bounds.roundMs, signal)]), pause(bounds.stepMs, signal)]);
  }

  async #namespacesGone(boundMs: number): Promise<void> {
    const direct = this.capable();
    if (this.#skewed === undefined || direct === undefined) return;
    const { namespaces } = this.#skewed;
    await this.#stage.until('deleted namespaces are gone', () => namespaces.areGone(direct), boundMs);
  }

  /** The only capable server dies and is started again. Controllers that start meanwhile see an API without it. */
  async #crash(server: LabServer): Promise<void> {
    const { measurements, served, bounds, signal } = this.#stage;
    signal.throwIfAborted();
    measurements.mark('phase', 'crash');
    measurements.mark('server', `${server.name} is killed`);
    served.notReady(server.name, Date.now());
    await server.kill();
    await this.#restartControllers();
    await pause(bounds.crashMs, signal);
    signal.throwIfAborted();
    await server.start();
    await this.#isReady(server);
    measurements.mark('server', `${server.name} is ready again`);
    await this.#judged();
    await this.#endRound();
  }

  async #hang(server: LabServer): Promise<void> {
    const { measurements, served, bounds, signal } = this.#stage;
    signal.throwIfAborted();
    measurements.mark('phase', 'hanging server');
    served.notReady(server.name, Date.now());
    server.hang();
    measurements.mark('server', `${server.name} hangs`);
    await this.#restartControllers();
    await pause(bounds.hangMs, signal);
    server.resume();
    await this.#isReady(server);
    measurements.mark('server', `${server.name} goes on`);
    await this.#judged();
    await this.#endRound();
  }

  async #restartControllers(): Promise<void> {
    await this.#controllers?.close();
    this.#controllers = await this.#options.startControllers();
    this.#stage.measurements.mark('controllers', 'controllers start');
  }
}
