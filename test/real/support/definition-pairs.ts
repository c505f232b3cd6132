import { setTimeout as delay } from 'node:timers/promises';
import { DEFINITIONS, type Gadget, gadget, gadgetObject } from './gadget.ts';
import { type Answer, type HttpClient, type HttpRequest, header } from './http-client.ts';

/** Two connections of one applier: definitions go over the one, objects over the other. */
export interface Lane {
  readonly definitions: HttpClient;
  readonly objects: HttpClient;
}

/** What became of the pairs of one run. */
export interface PairReport {
  readonly pairs: number;
  /** Pairs of which at least one step was not right; what follows a failed step mostly fails, too. */
  readonly failed: number;
  /** Step and answer of each that was not right. */
  readonly errors: readonly string[];
  /** Step and answer of each that asked for a repetition and got one. */
  readonly repeated: readonly string[];
}

/**
 * How often client-go repeats a request that is answered 429 or 5xx with Retry-After (rest/with_retry.go). kube-apiserver
 * answers so, before it acts, when a definition changes while a request for its objects waits.
 */
const MOST_REPETITIONS = 10;

/**
 * Applies definitions with an object each as `kubectl apply` of one file does: the object is created at once, without
 * waiting for anything, on another connection; read back; both are deleted. `lanes` work at the same time, each one pair
 * after the other; names begin with `prefix`. `took` is told of every step that was answered right.
 */
export async function applyPairs(
  lanes: readonly Lane[],
  pairs: number,
  prefix: string,
  took: (step: string, milliseconds: number) => void = () => {},
): Promise<PairReport> {
  const errors: string[] = [];
  const repeated: string[] = [];
  let next = 0;
  let failed = 0;
  await Promise.all(
    lanes.map(async (lane) => {
      while (next < pairs) {
        const pair = new Pair(took);
        await pair.apply(lane, gadget(`${prefix}-${next++}`));
        errors.push(...pair.errors);
        repeated.push(...pair.repeated);
        if (pair.errors.length > 0) failed++;
      }
    }),
  );
  return { pairs, failed, errors, repeated };
}

class Pair {
  readonly errors: string[] = [];
  readonly repeated: string[] = [];
  readonly #took: (step: string, milliseconds: number) => void;

  constructor(took: (step: string, milliseconds: number) => void) {
    this.#took = took;
  }

  async apply({ definitions, objects }: Lane, type: Gadget): Promise<void> {
    const { collection, definition, definitionPath } = type;
    const object = `${collection}/first`;
    const newDefinition = { method: 'POST', target: DEFINITIONS, body: definition };
    const newObject = { method: 'POST', target: collection, body: gadgetObject(type) };
    await this.#ask('create the definition', definitions, newDefinition, 201);
    await this.#ask('create the object', objects, newObject, 201);
    await this.#ask('read the object', definitions, { target: object }, 200);
    await this.#ask('delete the object', objects, { method: 'DELETE', target: object }, 200);
    await this.#ask('delete the definition', definitions, { method: 'DELETE', target: definitionPath }, 200);
  }

  async #ask(step: string, client: HttpClient, request: HttpRequest, expected: number): Promise<void> {
    const from = performance.now();
    for (let repetitions = 0; ; repetitions++) {
      const outcome = await client.request(request).catch((error: unknown) => String(error));
      const pause = retryAfter(outcome);
      if (pause === undefined || repetitions === MOST_REPETITIONS) {
        if (typeof outcome === 'string' || outcome.status !== expected) this.errors.push(`${step}: ${textOf(outcome)}`);
        else this.#took(step, performance.now() - from);
        return;
      }
      this.repeated.push(`${step}: ${textOf(outcome)}`);
      await delay(pause);
    }
  }
}

/** Milliseconds after which client-go would repeat the request. */
function retryAfter(outcome: Answer | string): number | undefined {
  if (typeof outcome === 'string' || (outcome.status !== 429 && outcome.status < 500)) return undefined;
  const seconds = header(outcome, 'retry-after');
  return seconds === undefined ? undefined : Number(seconds) * 1_000;
}

function textOf(outcome: Answer | string): string {
  if (typeof outcome === 'string') return outcome;
  const text = outcome.body.toString();
  // Names and servers differ from pair to pair; errors of one kind are to be counted together.
  const message = text.startsWith('{') ? (JSON.parse(text).message ?? '') : text.trim();
  return `${outcome.status} ${String(message).replaceAll(/\S+convergence\.example\S*/g, '…')}`;
}
