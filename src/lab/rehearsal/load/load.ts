import { resourcePath } from '../../client/api-path.ts';
import type { LabClient } from '../../client/lab-client.ts';
import type { ListedObject } from '../../client/listed-object.ts';
import type { DiscoveryJudge } from '../discovery-judge.ts';
import type { WatchFindings, WriteFindings } from '../result.ts';
import type { Stage } from '../stage.ts';
import { CONFIG_MAPS, LEASES, type TypeSample } from '../type-samples.ts';
import { DiscoveryLoad } from './discovery-load.ts';
import { Reader } from './reader.ts';
import { WatchedCollection } from './watched-collection.ts';
import { Writer } from './writer.ts';

const EXAMPLES = 20;

/** Everybody who uses the API throughout: runs of kubectl, a writer and an informer for each type, and a reader. */
export class Load {
  readonly discovery: DiscoveryLoad;
  readonly reader: Reader;
  readonly #stage: Stage;
  readonly #namespace: string;
  readonly #writers: Writer[] = [];
  readonly #collections: WatchedCollection[] = [];

  /** `onRemove` hears of ConfigMaps that go. */
  constructor(stage: Stage, judge: DiscoveryJudge, namespace: string, onRemove: (last: ListedObject) => void) {
    this.#stage = stage;
    this.#namespace = namespace;
    this.discovery = new DiscoveryLoad(stage, judge);
    this.reader = new Reader(stage);
    this.#use(CONFIG_MAPS, onRemove);
    this.#use(LEASES);
  }

  start(): void {
    this.discovery.start();
    this.reader.start();
  }

  /** Also writes to and watches objects of this type from now on. */
  use(type: TypeSample): void {
    this.#use(type);
  }

  #use(type: TypeSample, onRemove?: (last: ListedObject) => void): void {
    const namespace = type.namespaced ? this.#namespace : '';
    this.#collections.push(new WatchedCollection(this.#stage, resourcePath(type, { namespace }), onRemove));
    const writer = new Writer(this.#stage, type, namespace);
    this.#writers.push(writer);
    writer.start();
    this.reader.add(writer.target);
  }

  /** Everybody has done something `times` times. */
  hasWorked(times: number): boolean {
    return this.discovery.runs >= times && this.#writers.every(({ acknowledged }) => acknowledged >= times);
  }

  /** Nobody writes or asks any more; informers go on. */
  async stop(): Promise<void> {
    await Promise.all([this.discovery.stop(), this.reader.stop(), ...this.#writers.map((writer) => writer.stop())]);
  }

  /** After `stop`: waits until informers know all that a capable server does. */
  async watchFindings(direct: LabClient): Promise<WatchFindings> {
    await Promise.all(this.#collections.map((collection) => collection.compare(direct)));
    const sum = (of: (collection: WatchedCollection) => number) =>
      this.#collections.reduce((total, collection) => total + of(collection), 0);
    return {
      informers: this.#collections.length,
      expected: this.#writers.reduce((total, { acknowledged }) => total + acknowledged, 0),
      missed: sum(({ missed }) => missed),
      relists: sum(({ informer }) => Math.max(0, informer.lists - 1)),
      watches: sum(({ informer }) => informer.watches),
      examples: this.#collections.flatMap(({ examples }) => examples).slice(0, EXAMPLES),
    };
  }

  /** After `stop`, from a capable server; `others` are acknowledged writes that are not there. */
  async writeFindings(direct: LabClient, others: readonly string[], otherWrites: number): Promise<WriteFindings> {
    const losses: string[] = [...others];
    let acknowledged = otherWrites;
    for (const writer of this.#writers) {
      acknowledged += writer.acknowledged;
      const loss = await writer.loss(direct);
      if (loss !== undefined) losses.push(loss);
    }
    return { acknowledged, lost: losses.length, examples: losses.slice(0, EXAMPLES) };
  }

  close(): void {
    for (const collection of this.#collections) collection.close();
  }
}
