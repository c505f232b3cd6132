import { type ServerDiscovery, serverDiscovery } from '../../../discovery/server-discovery.ts';
import type { GroupVersionResource } from '../../api-object.ts';
import type { Recording } from '../../recording/recording.ts';
import type { Store } from '../../store/store.ts';
import type { ServedType, ServedTypes } from '../served-type.ts';
import { servedTypes } from './served-types.ts';

export interface TypeCatalogOptions {
  /** Which server this is. */
  readonly recording: Recording;
  /** Holds the CustomResourceDefinitions. */
  readonly store: Store;
  /** Milliseconds after which this server notices a new, changed or deleted CustomResourceDefinition. */
  readonly crdLagMs: number;
}

/** What one server serves at this moment: what it was recorded with, and the CustomResourceDefinitions it has taken up. */
export class TypeCatalog implements ServedTypes {
  readonly recording: Recording;
  #discovery: ServerDiscovery;
  #types: ReadonlyMap<string, ServedType>;

  constructor({ recording }: TypeCatalogOptions) {
    this.recording = recording;
    this.#discovery = serverDiscovery(recording.api, recording.apis);
    this.#types = byKey(servedTypes([...this.#discovery.api, ...this.#discovery.apis]));
  }

  /** Another object after every change. */
  get discovery(): ServerDiscovery {
    return this.#discovery;
  }

  find(type: GroupVersionResource): ServedType | undefined {
    return this.#types.get(keyOf(type));
  }

  all(): Iterable<ServedType> {
    return this.#types.values();
  }

  close(): void {}
}

function byKey(types: readonly ServedType[]): ReadonlyMap<string, ServedType> {
  return new Map(types.map((type) => [keyOf(type), type]));
}

function keyOf({ group, version, resource }: GroupVersionResource): string {
  return `${group}/${version}/${resource}`;
}
