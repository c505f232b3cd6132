import { setTimeout as delay } from 'node:timers/promises';
import { V2 } from './aggregated-discovery.ts';
import type { Answer, HttpClient, HttpRequest } from './http-client.ts';
import { header } from './http-client.ts';
import { aggregated, type Type } from './shapes.ts';
import { isUnknownResource } from './unknown-resource.ts';

/** What one request was answered, and between which moments (`performance.now()`) that was true. */
export interface Sample {
  readonly from: number;
  readonly to: number;
  readonly value: string;
}

export const FALSE_404 = '404';
const MERGED = aggregated('merged', V2);
const PAUSE_MS = 10;
/** Node says nothing of HTTP/2 streams that a dying server closes. */
const PATIENCE_MS = 10_000;

/** Asks an endpoint all the time for objects of a type and for the merged document, and compares what they say of the type. */
export class ContradictionWatch {
  /** Status, `503 with Retry-After`, `404` only where the type is denied, or `failed`. */
  readonly answers: Sample[] = [];
  /** `Current`, `Stale`, `absent`, another status, or `failed`. */
  readonly documents: Sample[] = [];
  readonly #client: HttpClient;
  readonly #running: Promise<unknown>;
  #stopped = false;

  /** The client is the caller's. `target`: objects of the type. */
  constructor(client: HttpClient, type: Type, target: string) {
    this.#client = client;
    const conditional = conditionally(MERGED.request(type), (answer) => MERGED.read(type, answer));
    this.#running = Promise.all([
      this.#run(this.answers, () => ({ request: { target }, read: answerValue })),
      this.#run(this.documents, conditional),
    ]);
  }

  /** Ends after the requests under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  /** Answers that deny a type which the document before and the one after list. */
  get listedButDenied(): Sample[] {
    return this.#contradicted((answer, document) => answer === FALSE_404 && isListed(document));
  }

  /** Answers that know of a type which the document before and the one after do not list. */
  get absentButKnown(): Sample[] {
    return this.#contradicted((answer, document) => isKnown(answer) && document === 'absent');
  }

  #contradicted(contradict: (answer: string, document: string) => boolean): Sample[] {
    let next = 0;
    return this.answers.filter((answer) => {
      // The document that was read whole before the request, and the first one that was asked for after its answer.
      while ((this.documents[next]?.to ?? Number.POSITIVE_INFINITY) < answer.from) next += 1;
      const before = this.documents[next - 1];
      const after = this.documents.slice(Math.max(0, next - 1)).find(({ from }) => from > answer.to);
      if (before === undefined || after === undefined) return false;
      return contradict(answer.value, before.value) && contradict(answer.value, after.value);
    });
  }

  async #run(samples: Sample[], next: () => Question): Promise<void> {
    while (!this.#stopped) {
      const { request, read } = next();
      const from = performance.now();
      const value = await withinPatience(this.#client.request(request)).then(read, () => 'failed');
      samples.push({ from, to: performance.now(), value });
      await delay(PAUSE_MS);
    }
  }
}

interface Question {
  readonly request: HttpRequest;
  readonly read: (answer: Answer) => string;
}

/** How often which value was seen. */
export function countValues(samples: readonly Sample[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { value } of samples) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

function isListed(document: string): boolean {
  return document === 'Current' || document === 'Stale';
}

function isKnown(answer: string): boolean {
  return answer === '200' || answer.startsWith('503');
}

function answerValue(answer: Answer): string {
  if (isUnknownResource(answer)) return FALSE_404;
  if (answer.status === 503 && header(answer, 'retry-after') !== undefined) return '503 with Retry-After';
  return String(answer.status);
}

/** The same request again and again, conditional once there was an ETag; 304 repeats what was read. */
function conditionally(request: HttpRequest, read: (answer: Answer) => string): () => Question {
  let etag: string | undefined;
  let value = '';
  return () => ({
    request: {
      ...request,
      headers: [...(request.headers ?? []), ...(etag === undefined ? [] : ['if-none-match', etag])],
    },
    read: (answer) => {
      if (answer.status === 304) return value;
      if (answer.status === 200) etag = header(answer, 'etag');
      value = read(answer);
      return value;
    },
  });
}

function withinPatience<T>(promise: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${PATIENCE_MS} ms`)), PATIENCE_MS);
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
