import { resourcePath } from '../../client/api-path.ts';
import { ClientError, isNotFound } from '../../client/client-error.ts';
import type { LabClient } from '../../client/lab-client.ts';
import type { ListedObject } from '../../client/listed-object.ts';
import type { Stage } from '../stage.ts';
import { sampleObject, type TypeSample } from '../type-samples.ts';

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
  #isStopped = false;
  #running: Promise<void> = Promise.resolve();
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
  }

  get target(): string {
    return `${this.collection}/${this.name}`;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Resolves when the write under way has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    const namespace = this.#namespace === '' ? {} : { namespace: this.#namespace };
    const body = sampleObject(this.#sample, { name: this.name, ...namespace });
    let known = await this.#stage.create(this.#client, this.collection, body, this.name);
    if (known === undefined) return;
    this.acknowledged += 1;
    while (!this.#isStopped && !this.#stage.signal.aborted) {
      known = await this.#write(known);
      await this.#stage.rest(PERIOD_MS);
    }
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
