import type { ServerDiscovery } from '../../discovery/server-discovery.ts';
import { type ServerVersion, versionText } from '../../kubernetes/kube-version.ts';
import type { ServerHistories } from './server-histories.ts';
import type { Timeline } from './timeline.ts';
import { viewChange } from './view-change.ts';

/** A server as the control path sees it at one moment. */
export interface SeenServer {
  readonly spec: { readonly name: string };
  readonly state: { readonly kind: string; readonly condition?: string };
  /** Undefined when it has not told. */
  readonly version: ServerVersion | undefined;
}

/** The control path at one moment. */
export interface ControlPicture {
  readonly servers: readonly SeenServer[];
  /** Every server that can be reached was read; before that the view only grows. */
  readonly complete: boolean;
  readonly generation: number;
  /** Equal for merged views of equal content; '' while there is none. */
  readonly documents: string;
  readonly merged: ServerDiscovery | undefined;
}

interface Known {
  readonly kind: string;
  /** As it was given; the same object as long as the server says the same. */
  readonly told: ServerVersion | undefined;
  readonly version: string;
}

/** States through which every server goes on its way; its history has them, the timeline does not. */
const PASSING: ReadonlySet<string> = new Set(['discovered', 'probing', 'confirming']);

/** Compares what the control path shows with what it showed before, and writes down what changed. */
export class ControlWatch {
  readonly #histories: ServerHistories;
  readonly #timeline: Timeline;
  readonly #servers = new Map<string, Known>();
  #documents = '';
  #merged: ServerDiscovery | undefined;
  #generation = 0;

  constructor(histories: ServerHistories, timeline: Timeline) {
    this.#histories = histories;
    this.#timeline = timeline;
  }

  /** Of the snapshot in which the merged view was another one for the last time; 0 while there was none. */
  get viewGeneration(): number {
    return this.#generation;
  }

  /** Called for every snapshot, of which hardly any changes anything here. At `at`, epoch milliseconds. */
  see({ servers, complete, generation, documents, merged }: ControlPicture, at: number): void {
    for (const server of servers) this.#seeServer(server, at);
    if (this.#servers.size > servers.length) this.#seeDeparted(servers, at);
    if (documents !== this.#documents) {
      this.#documents = documents;
      this.#generation = generation;
    }
    if (!complete || merged === undefined || merged === this.#merged) return;
    const before = this.#merged;
    this.#merged = merged;
    if (before === undefined) return;
    const change = viewChange(before, merged);
    if (change !== undefined) this.#timeline.add(change, at);
  }

  #seeServer({ spec: { name }, state, version: told }: SeenServer, at: number): void {
    const before = this.#servers.get(name);
    const { kind, condition: why = '' } = state;
    if (before !== undefined && before.kind === kind && told === before.told) return;
    // While it restarts nobody knows; it is what it was until it says otherwise.
    const version = told === undefined ? (before?.version ?? '') : versionText(told);
    this.#servers.set(name, { kind, told, version });
    const server = { server: name, version };
    if (before === undefined) {
      this.#timeline.add({ type: 'server-joined', ...server, to: kind, text: `${name} joined the control plane.` }, at);
    } else if (before.version !== version && before.version !== '') {
      const text = `${name} is ${version} now; it was ${before.version}.`;
      this.#timeline.add({ type: 'server-version', ...server, from: before.version, to: version, text }, at);
    }
    if (before?.kind === kind) return;
    const from = before?.kind ?? '';
    this.#histories.add(name, { from, to: kind, why, version }, at);
    if (PASSING.has(kind)) return;
    const said = `${name} is ${kind}${why === '' ? '' : `: ${why}`}`;
    // Conditions may end in what to ask oneself: is the server running?
    const text = /[.!?]$/.test(said) ? said : `${said}.`;
    this.#timeline.add({ type: 'server-state', ...server, from, to: kind, text }, at);
  }

  #seeDeparted(servers: readonly SeenServer[], at: number): void {
    const present = new Set(servers.map(({ spec }) => spec.name));
    for (const [name, { kind, version }] of this.#servers) {
      if (present.has(name)) continue;
      this.#servers.delete(name);
      const text = `${name} left the control plane.`;
      this.#timeline.add({ type: 'server-left', server: name, version, from: kind, to: 'gone', text }, at);
      this.#histories.add(name, { from: kind, to: 'gone', why: 'it left the list of servers', version }, at);
    }
  }
}
