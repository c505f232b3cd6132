import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { relayTcp } from '../../src/wire/tcp-relay.ts';
import { type Credentials, H1Client } from './api-client.ts';

/** How often the balancer asks, and so how soon it notices. */
const LOOK_MS = 50;

/** Balances connections over those of `urls` whose `/readyz`, on the port that clients use, says 200. */
export async function startReadyBalancer(
  t: TestContext,
  urls: () => readonly string[],
  credentials: Credentials,
): Promise<string> {
  const ready = new Set<string>();
  let turn = 0;
  const choose = () => {
    const among = [...ready];
    turn += 1;
    const chosen = among[turn % Math.max(1, among.length)];
    if (chosen === undefined) return undefined;
    const { hostname, port } = new URL(chosen);
    return { host: hostname, port: Number(port) };
  };
  const look = async (): Promise<void> => {
    const states = await Promise.all(
      urls().map(async (url) => [url, await readiness(url, credentials).catch(() => 0)] as const),
    );
    ready.clear();
    for (const [url, status] of states) if (status === 200) ready.add(url);
  };
  const closed = new AbortController();
  await look();
  const looking = (async () => {
    while (!closed.signal.aborted) {
      await delay(LOOK_MS);
      await look();
    }
  })();
  const relay = await relayTcp({ host: '127.0.0.1', port: 0, choose });
  t.after(async () => {
    closed.abort();
    await looking;
    await relay.close();
  });
  return `https://127.0.0.1:${relay.port}`;
}

/** The status of `/readyz`, asked on a connection of its own. */
export async function readiness(url: string, credentials: Credentials): Promise<number> {
  const client = new H1Client(url, credentials);
  try {
    return (await client.request({ path: '/readyz' })).status;
  } finally {
    client.close();
  }
}
