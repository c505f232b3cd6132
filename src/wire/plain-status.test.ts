import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { freePort } from './free-port.ts';
import { plainStatus } from './plain-status.ts';

test('the status of an answer whose body never ends', async () => {
  const server = createServer((request, response) => {
    response.writeHead(request.url === '/health' ? 200 : 404).write('still writing');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  assert.equal(await plainStatus(`http://127.0.0.1:${port}/health`, 10_000), 200);
  assert.equal(await plainStatus(`http://127.0.0.1:${port}/other`, 10_000), 404);
  server.closeAllConnections();
  server.close();
});

test('nobody listens, nobody answers', async () => {
  await assert.rejects(plainStatus(`http://127.0.0.1:${await freePort()}/health`, 10_000), { code: 'ECONNREFUSED' });
  const silent = createServer(() => {});
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const { port } = silent.address() as AddressInfo;
  await assert.rejects(plainStatus(`http://127.0.0.1:${port}/health`, 50), { name: 'AbortError' });
  silent.closeAllConnections();
  silent.close();
});

test('free ports lie below those of outgoing connections and never repeat', async () => {
  const ports = await Promise.all(Array.from({ length: 50 }, () => freePort()));
  assert.equal(new Set(ports).size, 50);
  for (const port of ports) assert.ok(port >= 16_384 && port < 32_768);
});
