import type { GroupVersionResource } from '../../api-object.ts';
import { resourcePath, withQuery } from '../../client/api-path.ts';
import { ClientError } from '../../client/client-error.ts';
import { AGGREGATED_ACCEPT, type Discovered, discover, LEGACY_ACCEPT } from '../../client/discovery-client.ts';
import type { DiscoveryJudge } from '../discovery-judge.ts';
import { typeName } from '../served-history.ts';
import type { Stage } from '../stage.ts';
import { Routine } from './routine.ts';

const PERIOD_MS = 300;
/** One in so many runs is an old client's, which costs a request for each group-version. */
const LEGACY_SHARE = 4;

/**
 * Runs of kubectl, one after the other, each a process of its own with a connection of its own and no cache: `kubectl get`
 * learns what there is, then lists those of `interesting` that it found.
 */
export class DiscoveryLoad {
  readonly #stage: Stage;
  readonly #judge: DiscoveryJudge;
  readonly #seen = new Set<string>();
  readonly #routine: Routine;
  #interesting: readonly GroupVersionResource[] = [];
  runs = 0;

  constructor(stage: Stage, judge: DiscoveryJudge) {
    this.#stage = stage;
    this.#judge = judge;
    this.#routine = new Routine(stage, PERIOD_MS, () => this.#next());
  }

  /** Types to list from now on, whenever discovery has them. */
  set interesting(types: readonly GroupVersionResource[]) {
    this.#interesting = types;
  }

  /** Whether any answer has listed the type. */
  hasListed(type: GroupVersionResource): boolean {
    return this.#seen.has(typeName(type));
  }

  start(): void {
    this.#routine.start();
  }

  stop(): Promise<void> {
    return this.#routine.stop();
  }

  async #next(): Promise<void> {
    await this.#kubectl(this.runs % LEGACY_SHARE === LEGACY_SHARE - 1);
    this.runs += 1;
  }

  async #kubectl(isLegacy: boolean): Promise<void> {
    const client = this.#stage.client('kubectl', 'kubectl/v1.0.0 (linux/amd64) kubernetes/rehearsal');
    try {
      const askedAt = Date.now();
      const discovered = await discover(client, isLegacy ? LEGACY_ACCEPT : AGGREGATED_ACCEPT);
      this.#judge.judge(isLegacy ? 'unaggregated' : 'aggregated', discovered, askedAt);
      for (const type of this.#listed(discovered)) {
        await client.request('GET', withQuery(resourcePath(type), { limit: 500 }));
      }
    } catch (error) {
      // Counted where it was recorded; this run of kubectl ends.
      if (!(error instanceof ClientError)) throw error;
    } finally {
      await this.#stage.dismiss(client);
    }
  }

  #listed(discovered: Discovered): readonly GroupVersionResource[] {
    const names = new Set([...discovered.resources.values()].flat().map(typeName));
    for (const name of names) this.#seen.add(name);
    return this.#interesting.filter((type) => names.has(typeName(type)));
  }
}
