import { OWN_GROUPS } from '../kubernetes/own-groups.ts';
import {
  aggregatedDeclaration,
  customResourceDeclaration,
  type GroupVersionResource,
  type TypeDeclaration,
} from '../kubernetes/type-declaration.ts';
import type { Logger } from '../observe/logger.ts';
import { fetchFrom } from '../wire/fetch.ts';
import type { Fields } from '../wire/fields.ts';
import type { Upstream } from '../wire/upstream.ts';

const DEFINITIONS: GroupVersionResource = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  resource: 'customresourcedefinitions',
};
const SERVICES: GroupVersionResource = { group: 'apiregistration.k8s.io', version: 'v1', resource: 'apiservices' };

export interface TypeDeclarationsOptions {
  /** Connections to ready servers that serve objects of `type`, the best one first. */
  servers(type: GroupVersionResource): readonly Upstream[];
  /** Whether a server lists the group and version. */
  lists(group: string, version: string): boolean;
  /** Sent with every request: who we are. */
  readonly fields: Fields;
  readonly logger: Logger;
  /** Milliseconds that never step back. */
  readonly clock: () => number;
}

/** What a look at the declarations found, or will find. */
interface Look {
  /** Milliseconds of the clock: it sees every object written before. */
  readonly beginsAt: number;
  readonly isSettling: Promise<boolean>;
}

/** Least milliseconds between the beginnings of two looks for one type. */
const SPACING_MS = 200;
/** Servers have heard of an object within milliseconds; after this long they have made up their minds. */
const SETTLING_MS = 10_000;
/** A definition with long schemas has some hundred kilobytes; etcd takes 1.5 MB. */
const MOST_BYTES = 8 * 1024 * 1024;
const TIMEOUT_MS = 1_000;
/** Looks under way at once, whatever clients ask for, and looks that wait for one of them to end. */
const MOST_AT_ONCE = 16;
const MOST_WAITING = 1_000;
/** Types remembered. */
const MOST_TYPES = 2_000;
const SERVERS_ASKED = 2;
/** A domain's name of two labels or more (RFC 1123): anything else is no object's name, and a client's to choose. */
const SUBDOMAIN = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+$/;

/**
 * Finds out whether a type that nobody lists was declared a moment ago: looks for its CustomResourceDefinition and APIService
 * with the proxy's own identity. GET without resourceVersion reads from the store, past every cache.
 */
export class TypeDeclarations {
  readonly #options: TypeDeclarationsOptions;
  readonly #looks = new Map<string, Look>();
  /** When a declaration was first found served. Our own clock: those of servers may be wrong by any amount. */
  readonly #firstServed = new Map<string, number>();
  readonly #waiting: (() => void)[] = [];
  #underWay = 0;
  #isRefused = false;

  constructor(options: TypeDeclarationsOptions) {
    this.#options = options;
  }

  /**
   * Whether servers are about to serve the type, by a look that began at `since` (milliseconds of the clock) or later: what
   * was declared before is seen. False too when we may not read declarations, or cannot. Never rejects.
   */
  isSettling(type: GroupVersionResource, since: number): Promise<boolean> {
    const { group, version, resource } = type;
    // Groups of kube-apiserver itself are not declared; the others have a domain's name.
    const isDeclarable = [group, `${resource}.${group}`, `${version}.${group}`].every((name) => SUBDOMAIN.test(name));
    if (OWN_GROUPS.has(group) || !isDeclarable) return Promise.resolve(false);
    const key = `${group}/${version}/${resource}`;
    const known = this.#looks.get(key);
    if (known !== undefined && known.beginsAt >= since) return known.isSettling;
    if (this.#waiting.length >= MOST_WAITING) return Promise.resolve(false);
    const now = this.#options.clock();
    const beginsAt = Math.max(now, (known?.beginsAt ?? Number.NEGATIVE_INFINITY) + SPACING_MS);
    const look = { beginsAt, isSettling: this.#lookLater(type, beginsAt - now) };
    remember(this.#looks, key, look);
    return look.isSettling;
  }

  async #lookLater(type: GroupVersionResource, pauseMs: number): Promise<boolean> {
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    if (this.#underWay >= MOST_AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#underWay++;
    try {
      return await this.#look(type);
    } catch {
      return false;
    } finally {
      this.#underWay--;
      this.#waiting.shift()?.();
    }
  }

  async #look({ group, version, resource }: GroupVersionResource): Promise<boolean> {
    const definition = await this.#read(DEFINITIONS, `${resource}.${group}`);
    if (this.#isRecent(customResourceDeclaration(definition, version))) return true;
    // What the extension server behind a listed version does not have, it does not have.
    if (this.#options.lists(group, version)) return false;
    return this.#isRecent(aggregatedDeclaration(await this.#read(SERVICES, `${version}.${group}`)));
  }

  #isRecent(declaration: TypeDeclaration): boolean {
    if (declaration.kind !== 'served') return declaration.kind === 'pending';
    const now = this.#options.clock();
    const firstServed = this.#firstServed.get(declaration.identity) ?? now;
    remember(this.#firstServed, declaration.identity, firstServed);
    return now - firstServed < SETTLING_MS;
  }

  /** The object, from the first server that has a word on it; undefined when it is not there or cannot be read. */
  async #read(type: GroupVersionResource, name: string): Promise<unknown> {
    const { servers, fields } = this.#options;
    const target = `/apis/${type.group}/${type.version}/${type.resource}/${name}`;
    const request = { method: 'GET', target, fields: [...fields, 'accept', 'application/json'] };
    for (const server of servers(type).slice(0, SERVERS_ASKED)) {
      try {
        const { status, body } = await fetchFrom(server, { ...request, timeoutMs: TIMEOUT_MS, maxBytes: MOST_BYTES });
        if (status === 401 || status === 403) this.#refused(status);
        if (status === 200) return JSON.parse(body.toString('utf8'));
        if (status < 429) return undefined;
      } catch {
        // The next one may have a word on it.
      }
    }
    return undefined;
  }

  #refused(status: number): void {
    if (this.#isRefused) return;
    this.#isRefused = true;
    this.#options.logger.warn(
      'declarations of types cannot be read, so that a type may be answered 404 in the moment between its creation and its first server; let the proxy get customresourcedefinitions and apiservices',
      { status },
    );
  }
}

/** Keeps the newest; a map remembers the order in which keys came. */
function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= MOST_TYPES) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
