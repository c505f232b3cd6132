import { resourcePath } from '../client/api-path.ts';
import { asClientError, isConflict, isNotFound } from '../client/client-error.ts';
import type { LabClient } from '../client/lab-client.ts';
import { isRecord } from '../client/listed-object.ts';
import type { NamespaceFindings } from './result.ts';
import { typeName } from './served-history.ts';
import type { Stage } from './stage.ts';
import { CONFIG_MAPS, NAMESPACES, sampleObject, type TypeSample } from './type-samples.ts';

/** Namespaces that are filled with objects of types which not every server knows, and then deleted. */
export class DoomedNamespaces {
  readonly #stage: Stage;
  readonly #types: readonly TypeSample[];
  readonly #client: LabClient;
  readonly #deleted: string[] = [];
  #count = 0;

  constructor(stage: Stage, types: readonly TypeSample[]) {
    this.#stage = stage;
    this.#types = types;
    this.#client = stage.client('namespace-user');
  }

  /** Whether there is a type to leak objects of. */
  get canLeak(): boolean {
    return this.#types.length > 0;
  }

  /** Resolves when the deletions are accepted. */
  async fillAndDelete(): Promise<void> {
    for (let count = 0; count < this.#stage.bounds.namespaces; count += 1) {
      this.#count += 1;
      await this.#fillAndDeleteOne(`doomed-${this.#count}`);
    }
  }

  async #fillAndDeleteOne(namespace: string): Promise<void> {
    const stage = this.#stage;
    const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } };
    if ((await stage.create(this.#client, resourcePath(NAMESPACES), body, namespace)) === undefined) return;
    for (const type of [CONFIG_MAPS, ...this.#types]) {
      const collection = resourcePath(type, { namespace });
      for (let count = 1; count <= stage.bounds.objects; count += 1) {
        const name = `object-${count}`;
        await stage.create(this.#client, collection, sampleObject(type, { name, namespace }), name);
      }
    }
    await stage.insist(`delete namespace ${namespace}`, async () => {
      try {
        await this.#client.json('DELETE', resourcePath(NAMESPACES, { name: namespace }));
      } catch (error) {
        // An earlier try whose answer was lost did it.
        if (!isNotFound(error) && !isConflict(error)) throw error;
      }
      this.#deleted.push(namespace);
    });
  }

  /** Whether all of them are gone, as a server says. */
  async areGone(direct: LabClient): Promise<boolean> {
    return (await this.#remaining(direct)).length === 0;
  }

  /** From a capable server. */
  async findings(direct: LabClient): Promise<NamespaceFindings> {
    const remaining = await this.#remaining(direct);
    const left = await this.#objectsLeft(direct);
    const stuck: NamespaceFindings['stuck'][number][] = [];
    for (const namespace of remaining) stuck.push({ namespace, why: await this.#why(direct, namespace) });
    const leaked = this.#deleted
      .filter((namespace) => !remaining.includes(namespace))
      .flatMap((namespace) => {
        const objects = left.get(namespace);
        return objects === undefined ? [] : [{ namespace, objects }];
      });
    return { deleted: this.#deleted.length, leaked, stuck };
  }

  async #remaining(direct: LabClient): Promise<readonly string[]> {
    const { items } = await direct.list(resourcePath(NAMESPACES));
    const there = new Set(items.map(({ metadata }) => metadata.name));
    return this.#deleted.filter((namespace) => there.has(namespace));
  }

  /** Names of objects by namespace. */
  async #objectsLeft(direct: LabClient): Promise<ReadonlyMap<string, readonly string[]>> {
    const left = new Map<string, string[]>();
    for (const type of [CONFIG_MAPS, ...this.#types]) {
      const { items } = await direct.list(resourcePath(type));
      for (const { metadata } of items) {
        const { namespace = '', name } = metadata;
        const objects = left.get(namespace) ?? [];
        objects.push(`${typeName(type)} ${name}`);
        left.set(namespace, objects);
      }
    }
    return left;
  }

  async #why(direct: LabClient, namespace: string): Promise<string> {
    try {
      const { metadata, status } = await direct.object('GET', resourcePath(NAMESPACES, { name: namespace }));
      const phase = isRecord(status) ? status['phase'] : undefined;
      return `phase ${String(phase)}, deleted at ${metadata.deletionTimestamp ?? 'no time'}`;
    } catch (error) {
      return asClientError(error).message;
    }
  }
}
