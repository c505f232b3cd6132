import { resourcePath } from '../../client/api-path.ts';
import { ClientError, isNotFound } from '../../client/client-error.ts';
import type { LabClient } from '../../client/lab-client.ts';
import type { ListedObject } from '../../client/listed-object.ts';
import type { Stage } from '../stage.ts';
import { sampleObject, type TypeSample } from '../type-samples.ts';
import { Routine } from './routine.ts';

const SEQUENCE = 'rehearsal.example/sequence';
const PERIOD_MS = 150;

/** The number of writes an object has seen; 0 of an object that no writer has written to. */
export function sequenceOf({ metadata }: ListedObject): number {
  return Number(metadata.annotations?.[SEQUENCE] ?? 0);
}

/**
 * Counts up in one object, in the way of a careful client: each write demands the state that it has read, so that a write
 * whose answer was lost cannot take effect behind later ones.
 */
export class Writer {
  readonly collection: string;
  readonly name: string;
  readonly #stage: Stage;
  readonly #sample: TypeSample;
  readonly #namespace: string;
  readonly #client: LabClient;
  readonly #routine: Routine;
  /** The newest state that it knows of its object. */
  #known: ListedObject | undefined;
  /** Writes that were answered with success. */
  acknowledged = 0;
  /** The number in the last of them. */
  highest = 0;

  constructor(stage: Stage, sample: TypeSample, namespace: string) {
    this.#stage = stage;
    this.#sample = sample;
    this.#namespace = sample.namespaced ? namespace : '';
    this.name = `written-by-${sample.resource}`;
    this.collection = resourcePath(sample, { namespace: this.#namespace });
    this.#client = stage.client(`writer-${sample.resource}`);
    this.#routine = new Routine(stage, PERIOD_MS, () => this.#next());
  }

  get target(): string {
    return `${this.collection}/${this.name}`;
  }

  start(): void {
    this.#routine.start();
  }

  /** Resolves when the write under way has ended. */
  stop(): Promise<void> {
    return this.#routine.stop();
  }

  async #next(): Promise<void> {
    this.#known = this.#known === undefined ? await this.#create() : await this.#write(this.#known);
  }

  async #create(): Promise<ListedObject | undefined> {
    const namespace = this.#namespace === '' ? {} : { namespace: this.#namespace };
    const body = sampleObject(this.#sample, { name: this.name, ...namespace });
    const created = await this.#stage.create(this.#client, this.collection, body, this.name);
    if (created !== undefined) this.acknowledged += 1;
    return created;
  }

  /** The newest state known after one write, or after one look when the write failed. */
  async #write(known: ListedObject): Promise<ListedObject> {
    const next = sequenceOf(known) + 1;
    const { resourceVersion } = known.metadata;
    try {
      const body = { metadata: { resourceVersion, annotations: { [SEQUENCE]: String(next) } } };
      const contentType = 'application/merge-patch+json';
      const written = await this.#client.object('PATCH', this.target, { body, contentType });
      this.acknowledged += 1;
      this.highest = next;
      return written;
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
    }
    return this.#client.object('GET', this.target).catch(() => known);
  }

  /** What a server says at the end about the last acknowledged write; undefined when it is there. */
  async loss(direct: LabClient): Promise<string | undefined> {
    if (this.acknowledged === 0) return undefined;
    try {
      const found = sequenceOf(await direct.object('GET', this.target));
      return found >= this.highest
        ? undefined
        : `${this.target} is at write ${found}, ${this.highest} was acknowledged`;
    } catch (error) {
      if (isNotFound(error)) return `${this.target} is gone`;
      throw error;
    }
  }
}
