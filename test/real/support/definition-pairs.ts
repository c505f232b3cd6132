import { DEFINITIONS, type Gadget, gadget, gadgetObject } from './gadget.ts';
import type { Answer, HttpClient, HttpRequest } from './http-client.ts';

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
}

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
  let next = 0;
  let failed = 0;
  await Promise.all(
    lanes.map(async (lane) => {
      while (next < pairs) {
        const wrong = await applyPair(lane, gadget(`${prefix}-${next++}`), took);
        errors.push(...wrong);
        if (wrong.length > 0) failed++;
      }
    }),
  );
  return { pairs, failed, errors };
}

async function applyPair(
  { definitions, objects }: Lane,
  type: Gadget,
  took: (step: string, milliseconds: number) => void,
): Promise<readonly string[]> {
  const errors: string[] = [];
  const object = `${type.collection}/first`;
  const ask = async (step: string, client: HttpClient, request: HttpRequest, expected: number): Promise<void> => {
    const from = performance.now();
    const outcome = await client.request(request).catch((error: unknown) => String(error));
    if (typeof outcome === 'string' || outcome.status !== expected) errors.push(`${step}: ${textOf(outcome)}`);
    else took(step, performance.now() - from);
  };
  await ask('create the definition', definitions, { method: 'POST', target: DEFINITIONS, body: type.definition }, 201);
  const created = { method: 'POST', target: type.collection, body: gadgetObject(type) };
  await ask('create the object', objects, created, 201);
  await ask('read the object', definitions, { target: object }, 200);
  await ask('delete the object', objects, { method: 'DELETE', target: object }, 200);
  await ask('delete the definition', definitions, { method: 'DELETE', target: type.definitionPath }, 200);
  return errors;
}

function textOf(outcome: Answer | string): string {
  if (typeof outcome === 'string') return outcome;
  const text = outcome.body.toString();
  // Names and servers differ from pair to pair; errors of one kind are to be counted together.
  const message = text.startsWith('{') ? (JSON.parse(text).message ?? '') : text.trim();
  return `${outcome.status} ${String(message).replaceAll(/\S+convergence\.example\S*/g, '…')}`;
}
