import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { ServerExchange } from '../exchange.ts';
import { join } from './testing/joined.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

test('a client that reads slowly gets the whole of the last response although the server drains', async (t) => {
  const exchanges: ServerExchange[] = [];
  const { client, server, heard, far, near } = await join(t, (exchange) => exchanges.push(exchange), {
    clientLimits: { streamWindow: 64 * MIB, connectionWindow: 64 * MIB },
  });
  let octets = 0;
  const ended = new Promise<string>((resolve) => {
    client.request({ method: 'GET', target: '/', authority: undefined, fields: [] }, true, {
      inform: () => {},
      respond: (_head, body) =>
        body.read({
          data: (chunk) => {
            octets += chunk.length;
            return true;
          },
          end: () => resolve('end'),
          reset: resolve,
        }),
      failed: ({ reason }) => resolve(reason),
    });
  });
  while (exchanges.length === 0) await setImmediate();
  t.mock.timers.enable({ apis: ['setTimeout'] });
  server.drain();
  while (heard.goaways === 0) await setImmediate();
  near.pause();
  const sink = exchanges[0]?.respond({ status: 200, fields: [] }, false);
  let size = 0;
  // Until the system takes no more, and something waits in this process.
  while (far.writableLength < 100 * KIB) {
    sink?.write(Buffer.alloc(16 * KIB));
    size += 16 * KIB;
    await setImmediate();
  }
  sink?.end([]);
  while (server.kind !== 'closed') await setImmediate();
  assert.ok(far.writableLength > 0);
  t.mock.timers.tick(5000);
  near.resume();
  assert.deepEqual([await ended, octets], ['end', size]);
});

test('a client that reads nothing any more is not waited for without end', async (t) => {
  const { server, heard, far, near } = await join(t, () => {});
  while (server.kind !== 'open') await setImmediate();
  near.pause();
  t.mock.timers.enable({ apis: ['setTimeout'] });
  server.drain();
  t.mock.timers.tick(1000);
  assert.deepEqual([server.kind, heard.goaways, far.destroyed], ['closed', 0, false]);
  for (let i = 0; i < 10 && !far.destroyed; i += 1) t.mock.timers.tick(10_000);
  assert.ok(far.destroyed);
});
