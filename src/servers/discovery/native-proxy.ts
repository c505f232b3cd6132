import type { ServerDiscovery } from '../../discovery/server-discovery.ts';
import { fetchFrom } from '../../wire/fetch.ts';
import { type Fields, fieldValue } from '../../wire/fields.ts';
import type { Upstream } from '../../wire/upstream.ts';
import { Repeater } from '../repeater.ts';

/**
 * Whether a server's own mixed version proxy (KEP-4020) works. It shows only in what it merges into `/apis`: `unknown` where
 * it would merge nothing, or might not have done so yet.
 */
export type NativeProxy = 'on' | 'off' | 'unknown';

export interface NativeProxyOptions {
  readonly upstream: Upstream;
  /** Sent with every request: who we are. */
  readonly fields: Fields;
  readonly timeoutMs: number;
  readonly maxBytes: number;
  /** Milliseconds that never step back. */
  readonly clock: () => number;
  /** Of the server's own `/apis` in the form v2, as read last; undefined without one. */
  readonly etag: () => string | undefined;
}

const FORM = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const OWN_FORM = `${FORM};profile=nopeer`;
const INTERVAL_MS = 60_000;
/** While nothing can be compared. */
const RETRY_MS = 30_000;
/** How long a native server may take to merge what is new at a peer; measured: up to 30 s. */
const MERGED_AFTER_MS = 90_000;

/**
 * Compares a server's `/apis` for everybody with its own (`profile=nopeer`): they are one document, with one ETag, unless it
 * merges those of its peers. The content type does not tell them apart, and the Lease's annotation only says that the
 * feature gate is on. One conditional request a minute, answered 304 by every server that merges nothing.
 */
export class NativeProxyWatch {
  readonly #options: NativeProxyOptions;
  readonly #asking: Repeater;
  #isMerged: boolean | undefined;
  /** Since when it has been its own document, again and again. */
  #ownSince = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: NativeProxyOptions) {
    this.#options = options;
    this.#asking = new Repeater(
      () => this.ask(),
      INTERVAL_MS,
      () => RETRY_MS,
    );
  }

  /** `lacks`: other servers serve types that this one does not, which it would merge. */
  status(lacks: boolean): NativeProxy {
    if (this.#isMerged === true) return 'on';
    if (this.#isMerged === undefined || !lacks) return 'unknown';
    return this.#options.clock() - this.#ownSince >= MERGED_AFTER_MS ? 'off' : 'unknown';
  }

  /** Not at once: there is nothing to compare with yet, and other things are more urgent. */
  start(): void {
    this.#timer = setTimeout(() => this.#asking.start(), RETRY_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#asking.stop();
  }

  /** It may be another binary, or have other flags, by now. */
  forget(): void {
    this.#isMerged = undefined;
  }

  /** Resolves to whether it could be told. */
  async ask(): Promise<boolean> {
    const etag = this.#options.etag();
    if (etag === undefined) return false;
    const isOwn = await this.#isStill(FORM, etag);
    // Else the server's own document may have changed since it was read.
    if (!isOwn && !(await this.#isStill(OWN_FORM, etag))) return false;
    if (isOwn && this.#isMerged !== false) this.#ownSince = this.#options.clock();
    this.#isMerged = !isOwn;
    return true;
  }

  async #isStill(accept: string, etag: string): Promise<boolean> {
    const { upstream, fields, timeoutMs, maxBytes } = this.#options;
    const response = await fetchFrom(upstream, {
      method: 'GET',
      target: '/apis',
      fields: [...fields, 'accept', accept, 'accept-encoding', 'gzip', 'if-none-match', etag],
      timeoutMs,
      maxBytes,
    });
    if (response.status !== 200 && response.status !== 304) throw new Error(`/apis answered ${response.status}`);
    return response.status === 304 || fieldValue(response.fields, 'etag') === etag;
  }
}

const types = new WeakMap<ServerDiscovery, ReadonlySet<string>>();

/** Of each server, in order, whether it lacks types that another one serves; false where nothing is known of it. */
export function whoLacksTypes(servers: readonly (ServerDiscovery | undefined)[]): boolean[] {
  const known = new Set(servers.filter((discovery) => discovery !== undefined));
  const all = new Set<string>();
  for (const discovery of known) for (const type of typesOf(discovery)) all.add(type);
  return servers.map((discovery) => discovery !== undefined && typesOf(discovery).size < all.size);
}

function typesOf(discovery: ServerDiscovery): ReadonlySet<string> {
  const before = types.get(discovery);
  if (before !== undefined) return before;
  const found = new Set<string>();
  for (const { metadata, versions } of [...discovery.api, ...discovery.apis]) {
    for (const { version, resources } of versions ?? []) {
      for (const { resource } of resources ?? []) found.add(`${metadata.name}/${version}/${resource}`);
    }
  }
  types.set(discovery, found);
  return found;
}
