import type { ExchangeHandler } from '../../src/wire/exchange.ts';
import { connectionWith, LeanExchange } from '../pipeline/lean-exchange.ts';
import type { LeanRequest } from '../pipeline/lean-upstream.ts';
import type { Load } from '../pipeline/loads.ts';
import { requestPath } from '../pipeline/request-path.ts';
import { observerOf, VARIANTS, type Variant } from './observers.ts';
import type { Rounds } from './rounds.ts';

/** Requests that arrive in one turn of the event loop. */
const PER_TURN = 32;
const WARM_UP = 20_000;

/** Microseconds of CPU for what lies between the two wire engines: clients and servers are objects in memory. */
export async function inMemory(load: Load, rounds: number, requests: number): Promise<Rounds> {
  const arrived: LeanRequest[] = [];
  const trust = { clientCa: [], requestHeaderCa: [], allowedNames: [] };
  const paths = await Promise.all(
    VARIANTS.map(async (variant) => {
      const { handler } = await requestPath(trust, arrived, { observer: observerOf(variant) });
      return { variant, handler };
    }),
  );
  const connection = connectionWith({ kind: 'none' });
  const serve = async (handler: ExchangeHandler, count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      const { method, target, fields, chunk, answer } = load;
      handler(new LeanExchange(connection, { method, target, authority: 'a:6443', fields: fields.slice() }, chunk));
      arrived.pop()?.answer(answer);
      if (i % PER_TURN === 0) await undefined;
    }
    // The access log is written by other threads; what is written of this round belongs to it.
    await new Promise((resolve) => setImmediate(resolve));
  };
  for (const { handler } of [...paths, ...paths]) await serve(handler, WARM_UP);
  const taken = new Map<Variant, number[]>(VARIANTS.map((variant) => [variant, []]));
  for (let round = 0; round < rounds; round++) {
    const first = round % paths.length;
    for (const { variant, handler } of [...paths.slice(first), ...paths.slice(0, first)]) {
      const before = process.cpuUsage();
      await serve(handler, requests);
      const { user, system } = process.cpuUsage(before);
      taken.get(variant)?.push((user + system) / requests);
    }
  }
  return taken;
}
