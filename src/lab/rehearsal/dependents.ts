import { groupVersion, type OwnerReference } from '../api-object.ts';
import { resourcePath } from '../client/api-path.ts';
import { isNotFound } from '../client/client-error.ts';
import type { LabClient } from '../client/lab-client.ts';
import type { DependentFindings } from './result.ts';
import type { Stage } from './stage.ts';
import { CONFIG_MAPS, sampleObject, type TypeSample } from './type-samples.ts';

const EXAMPLES = 20;

interface Owner {
  readonly target: string;
  readonly reference: OwnerReference;
}

interface Dependent {
  readonly name: string;
  readonly owner: Owner;
}

/** Owners of types that not every server knows, and ConfigMaps that belong to them. Nobody ever deletes an owner. */
export class Dependents {
  readonly namespace: string;
  readonly #stage: Stage;
  readonly #types: readonly TypeSample[];
  readonly #client: LabClient;
  readonly #owners: Owner[] = [];
  readonly #dependents: Dependent[] = [];
  readonly #byRound = new Map<number, number>();
  #known: ReadonlySet<string> = new Set();

  /** `types` are cluster-wide; without any, there are no owners. */
  constructor(stage: Stage, types: readonly TypeSample[], namespace: string) {
    this.#stage = stage;
    this.#types = types;
    this.namespace = namespace;
    this.#client = stage.client('owner-creator');
  }

  /** Targets of all owners that were acknowledged. */
  get owners(): readonly string[] {
    return this.#owners.map(({ target }) => target);
  }

  isDependent(name: string): boolean {
    return this.#dependents.some((dependent) => dependent.name === name);
  }

  /** New owners with their dependents, and new dependents of an old one. Resolves with the targets of the new owners. */
  async add(): Promise<readonly string[]> {
    const added: string[] = [];
    const old = this.#owners[Math.floor(this.#stage.random() * this.#owners.length)];
    if (old !== undefined) await this.#addDependents(old);
    for (let count = 0; count < this.#stage.bounds.owners; count += 1) {
      const owner = await this.#addOwner(this.#types[this.#owners.length % this.#types.length]);
      if (owner === undefined) continue;
      added.push(owner.target);
      await this.#addDependents(owner);
    }
    return added;
  }

  async #addOwner(type: TypeSample | undefined): Promise<Owner | undefined> {
    if (type === undefined) return undefined;
    const name = `owner-${this.#owners.length + 1}`;
    const collection = resourcePath(type);
    const made = await this.#stage.create(this.#client, collection, sampleObject(type, { name }), name);
    if (made === undefined) return undefined;
    const reference = { apiVersion: groupVersion(type), kind: type.kind, name, uid: made.metadata.uid };
    const owner = { target: `${collection}/${name}`, reference };
    this.#owners.push(owner);
    return owner;
  }

  async #addDependents(owner: Owner): Promise<void> {
    const { namespace } = this;
    for (let count = 0; count < this.#stage.bounds.dependents; count += 1) {
      const name = `dependent-${this.#dependents.length + 1}`;
      const body = sampleObject(CONFIG_MAPS, { name, namespace, ownerReferences: [owner.reference] });
      const made = await this.#stage.create(this.#client, resourcePath(CONFIG_MAPS, { namespace }), body, name);
      if (made !== undefined) this.#dependents.push({ name, owner });
    }
  }

  /** Asks a capable server which dependents of living owners are gone. Returns how many more than after the last round. */
  async endRound(round: number, direct: LabClient): Promise<number> {
    const { gone } = await this.#ask(direct);
    const collected = gone.filter((name) => !this.#known.has(name)).length;
    this.#known = new Set(gone);
    this.#byRound.set(round, (this.#byRound.get(round) ?? 0) + collected);
    return collected;
  }

  /** At the end, from a capable server. */
  async findings(direct: LabClient): Promise<DependentFindings> {
    const { live, gone } = await this.#ask(direct);
    return {
      live,
      wronglyCollected: gone.length,
      byRound: [...this.#byRound].map(([round, collected]) => ({ round, collected })),
      examples: gone.slice(0, EXAMPLES).map((name) => `${this.namespace}/${name}`),
    };
  }

  /** Owners that were acknowledged and are not there. */
  async lostOwners(direct: LabClient): Promise<readonly string[]> {
    const living = await this.#livingOwners(direct);
    return this.#owners.filter((owner) => !living.has(owner)).map(({ target }) => target);
  }

  async #ask(direct: LabClient): Promise<{ readonly live: number; readonly gone: readonly string[] }> {
    const living = await this.#livingOwners(direct);
    const { items } = await direct.list(resourcePath(CONFIG_MAPS, { namespace: this.namespace }));
    const there = new Set(items.map(({ metadata }) => metadata.name));
    const live = this.#dependents.filter(({ owner }) => living.has(owner));
    return { live: live.length, gone: live.filter(({ name }) => !there.has(name)).map(({ name }) => name) };
  }

  async #livingOwners(direct: LabClient): Promise<ReadonlySet<Owner>> {
    const living = new Set<Owner>();
    for (const owner of this.#owners) {
      try {
        const { metadata } = await direct.object('GET', owner.target);
        if (metadata.uid === owner.reference.uid) living.add(owner);
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    }
    return living;
  }
}
