import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../logger.ts';
import type { FinishedSpan } from './exchange-span.ts';
import { SpanQueue } from './span-queue.ts';

const SPAN = { traceId: 'a' } as FinishedSpan;

function setUp(limit = 3, answer: () => Promise<void> = () => Promise.resolve()) {
  const sent: number[] = [];
  const log: string[] = [];
  const logger: Logger = {
    debug: () => {},
    info: (message) => void log.push(`info ${message}`),
    warn: (message) => void log.push(`warn ${message}`),
    error: () => {},
  };
  let opened = 0;
  const queue = new SpanQueue({
    limit,
    intervalMs: 3_600_000,
    logger,
    exporter: () => {
      opened++;
      return Promise.resolve({
        export: (spans) => {
          sent.push(spans.length);
          return answer();
        },
      });
    },
  });
  const add = (count: number) => {
    for (let i = 0; i < count; i++) queue.add(SPAN);
  };
  return { queue, sent, log, add, opened: () => opened };
}

describe('spans on their way', () => {
  test('wait until they are flushed, and what has no room is dropped and counted', async () => {
    const { queue, sent, add, opened } = setUp(3);
    add(5);
    assert.deepEqual(queue.counts, { exported: 0, dropped: 2, failed: 0, queued: 3 });
    assert.equal(opened(), 0, 'nothing is loaded before there is something to send');
    await queue.flush();
    assert.deepEqual(sent, [3]);
    assert.deepEqual(queue.counts, { exported: 3, dropped: 2, failed: 0, queued: 0 });
  });

  test('go at once when there is no room for more', async () => {
    const { promise: sending, resolve } = Promise.withResolvers<void>();
    const { queue, sent, add } = setUp(3, () => Promise.resolve(resolve()));
    add(3);
    assert.deepEqual(sent, [], 'but not within the request that took the last place');
    await sending;
    assert.deepEqual(sent, [3]);
    assert.equal(queue.counts.queued, 0);
  });

  test('go in batches', async () => {
    const { queue, sent, add } = setUp(2_000);
    add(1_100);
    await queue.flush();
    assert.deepEqual(sent, [512, 512, 76]);
  });

  test('are lost and counted while the collector is away, which is said once', async () => {
    let away = true;
    const { queue, log, add } = setUp(3, () => (away ? Promise.reject(new Error('ECONNREFUSED')) : Promise.resolve()));
    for (let i = 0; i < 3; i++) {
      add(1);
      await queue.flush();
    }
    assert.equal(log.length, 1);
    assert.match(log[0] ?? '', /^warn spans do not reach the collector .* check tracing[.]otlpEndpoint/);
    away = false;
    add(1);
    await queue.flush();
    assert.deepEqual(log.slice(1), ['info spans reach the collector again']);
    assert.deepEqual(queue.counts, { exported: 1, dropped: 0, failed: 3, queued: 0 });
  });

  test('of a collector that does not answer take no more room than they may', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { queue, sent, add } = setUp(3, () => promise);
    add(3);
    const flushing = queue.flush();
    await Promise.resolve();
    add(10);
    assert.deepEqual(queue.counts, { exported: 0, dropped: 7, failed: 0, queued: 3 });
    resolve();
    await flushing;
    assert.deepEqual(sent, [3, 3]);
  });

  test('are sent before the end, which does not wait for ever', async () => {
    const { queue, sent, add } = setUp(3);
    add(2);
    await queue.close(60_000);
    assert.deepEqual(sent, [2]);
    const stuck = setUp(3, () => new Promise(() => {}));
    stuck.add(1);
    await stuck.queue.close(1);
    assert.equal(stuck.queue.counts.exported, 0);
  });

  test('are sent before the end, however long it takes to load what sends them', async () => {
    const sent: number[] = [];
    const loaded = delay(50, { export: async (spans: readonly FinishedSpan[]) => void sent.push(spans.length) });
    const logger: Logger = { debug() {}, info() {}, warn() {}, error() {} };
    const queue = new SpanQueue({ limit: 3, intervalMs: 3_600_000, logger, exporter: () => loaded });
    queue.add(SPAN);
    await queue.close(1);
    assert.deepEqual(sent, [1]);
  });
});
