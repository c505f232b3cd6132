import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { askAdminListener } from './admin-access.ts';

test('an answer without end is cut off, not kept', async (t) => {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    const more = () => {
      while (!response.destroyed && response.write('x'.repeat(10_000)));
    };
    response.on('drain', more);
    more();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const answer = askAdminListener({ adminServer: `http://127.0.0.1:${port}` }, '/status', 60_000, 100_000);
  await assert.rejects(answer, /its answer is longer than 100000 bytes/);
});
