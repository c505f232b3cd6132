import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { test } from 'node:test';
import { exchangeRecordOf } from '../journal/testing/exchange-record-of.ts';
import type { FinishedSpan } from './exchange-span.ts';
import { createOtlpExporter } from './otlp-exporter.ts';

const SPAN: FinishedSpan = {
  traceId: 'a'.repeat(32),
  spanId: 'b'.repeat(16),
  parentId: undefined,
  protocol: 'h2',
  clientAddress: '192.0.2.1',
  retries: [],
  droppedRetries: 0,
  record: exchangeRecordOf(),
  startedAt: 1_000,
  headAt: 1_001,
  endedAt: 1_002,
  ending: 'complete',
};

test('a connection that is not used is closed, also to a collector that would keep it', async (t) => {
  const collector = createServer((request, response) => {
    request.resume();
    response.writeHead(200).end();
  });
  collector.keepAliveTimeout = 0;
  collector.listen(0, '127.0.0.1');
  await once(collector, 'listening');
  t.after(() => {
    collector.close();
    collector.closeAllConnections();
  });
  const connected: Promise<[Socket]> = once(collector, 'connection') as Promise<[Socket]>;
  const { port } = collector.address() as AddressInfo;
  const exporter = createOtlpExporter({
    url: `http://127.0.0.1:${port}/v1/traces`,
    ca: undefined,
    headers: {},
    timeoutMs: 10_000,
    idleMs: 10,
    version: '0.1.0',
    resource: {},
  });
  await exporter.export([SPAN]);
  const [socket] = await connected;
  if (!socket.destroyed) await once(socket, 'close');
  assert.ok(socket.destroyed);
});
