import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Answer, HttpClient, HttpRequest } from './http-client.ts';
import type { SkewedResource } from './skewed-resources.ts';
import { isUnknownResource } from './unknown-resource.ts';

/** What a load came to. */
export interface LoadReport {
  readonly requests: number;
  /** 404s that deny the type. */
  readonly unknownResource: number;
  /** Everything else that is not the answer a single capable server gives, as text. */
  readonly otherErrors: readonly string[];
}

/** Requests of one cycle over one resource. */
export const REQUESTS_PER_CYCLE = 9;

let lastId = 0;

/**
 * Every verb on objects of its own, `cycles` times over all `resources`; the clients work at the same time, each one
 * request after the other. Answers are judged by content, so that an empty list is an error where an object must be.
 */
export async function runLoad(
  clients: readonly HttpClient[],
  resources: readonly SkewedResource[],
  cycles: number,
): Promise<LoadReport> {
  const run = new LoadRun();
  await Promise.all(
    clients.map(async (client) => {
      for (let cycle = 0; cycle < cycles; cycle++) {
        for (const resource of resources) await run.cycle(client, resource);
      }
    }),
  );
  return run;
}

interface Metadata {
  readonly name: string;
  readonly labels: { readonly lane: string; readonly updated?: 'yes'; readonly patched?: 'yes' };
  readonly resourceVersion?: string;
}

interface KubernetesObject {
  readonly metadata: Metadata;
}

class LoadRun implements LoadReport {
  requests = 0;
  unknownResource = 0;
  readonly otherErrors: string[] = [];

  async cycle(client: HttpClient, { collection, name, content }: SkewedResource): Promise<void> {
    const id = ++lastId;
    const lane = `cycle-${id}`;
    const template = { metadata: { name: name(id), labels: { lane } }, ...content };
    const target = `${collection}/${template.metadata.name}`;
    const mine = `labelSelector=lane%3D${lane}`;
    const holdsMine = ({ items }: { items: readonly KubernetesObject[] }): boolean =>
      items.length === 1 && items[0]?.metadata.name === template.metadata.name;
    const isMine = ({ metadata }: KubernetesObject): boolean => metadata.name === template.metadata.name;

    const created = await this.#ask(client, { method: 'POST', target: collection, body: template }, 201, isMine);
    await this.#ask(client, { target }, 200, isMine);
    await this.#ask(client, { target: `${collection}?${mine}` }, 200, holdsMine);
    await this.#watch(client, `${collection}?watch=true&resourceVersion=0&${mine}`, created === undefined, isMine);
    const changed = { ...template, ...created, metadata: { ...template.metadata, ...created?.metadata } };
    changed.metadata = { ...changed.metadata, labels: { lane, updated: 'yes' } };
    const isUpdated = ({ metadata }: KubernetesObject): boolean => metadata.labels.updated === 'yes';
    await this.#ask(client, { method: 'PUT', target, body: changed }, 200, isUpdated);
    const patch = { metadata: { labels: { patched: 'yes' } } };
    const mergePatch = ['content-type', 'application/merge-patch+json'];
    const isPatched = ({ metadata }: KubernetesObject): boolean => metadata.labels.patched === 'yes';
    await this.#ask(client, { method: 'PATCH', target, headers: mergePatch, body: patch }, 200, isPatched);
    await this.#ask(client, { method: 'DELETE', target }, 200, () => true);
    await this.#ask(client, { method: 'POST', target: collection, body: template }, 201, isMine);
    await this.#ask(client, { method: 'DELETE', target: `${collection}?${mine}` }, 200, holdsMine);
  }

  /** The parsed body when it is as expected. */
  async #ask<T>(
    client: HttpClient,
    request: HttpRequest,
    status: number,
    isRight: (body: T) => boolean,
  ): Promise<T | undefined> {
    this.requests++;
    try {
      const answer = await client.request(request);
      if (this.#isUnknown(answer)) return undefined;
      const body: T = answer.status === status ? JSON.parse(answer.body.toString('utf8')) : undefined;
      if (answer.status === status && isRight(body)) return body;
      this.#error(request, `${answer.status} ${answer.body.toString('utf8').slice(0, 300)}`);
    } catch (error) {
      this.#error(request, String(error));
    }
    return undefined;
  }

  /** Opens a watch and leaves when the first event has come; at once when `isEmpty`, for then none comes. */
  async #watch(
    client: HttpClient,
    target: string,
    isEmpty: boolean,
    isRight: (object: KubernetesObject) => boolean,
  ): Promise<void> {
    this.requests++;
    try {
      const answer = await client.open({ target });
      if (answer.status === 200 && isEmpty) {
        answer.abandon();
        return;
      }
      const lines = createInterface({ input: answer.body });
      const [line = ''] = await Promise.race([once(lines, 'line'), once(lines, 'close').then(() => [])]);
      answer.abandon();
      if (this.#isUnknown({ status: answer.status, body: Buffer.from(line) })) return;
      const event: { type: string; object: KubernetesObject } = JSON.parse(line);
      if (answer.status === 200 && event.type === 'ADDED' && isRight(event.object)) return;
      this.#error({ method: 'WATCH', target }, `${answer.status} ${line}`);
    } catch (error) {
      this.#error({ method: 'WATCH', target }, String(error));
    }
  }

  #isUnknown(answer: Pick<Answer, 'status' | 'body'>): boolean {
    const unknown = isUnknownResource(answer);
    if (unknown) this.unknownResource++;
    return unknown;
  }

  #error({ method = 'GET', target }: HttpRequest, what: string): void {
    this.otherErrors.push(`${method} ${target}: ${what}`);
  }
}
