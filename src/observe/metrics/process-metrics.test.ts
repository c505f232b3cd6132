import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Registry } from 'prom-client';
import { PROCESS_METRICS, registerProcessMetrics } from './process-metrics.ts';

test('each metric of the process says something, though others that it is read with are left out', async () => {
  const registry = new Registry();
  const read = registerProcessMetrics(registry);
  const values = async () => {
    await read();
    const metrics = await registry.getMetricsAsJSON();
    return new Map(metrics.map(({ name, values: all }) => [name, all.reduce((sum, { value }) => sum + value, 0)]));
  };
  assert.deepEqual([...(await values()).keys()].sort(), Object.keys(PROCESS_METRICS).sort());
  const cpu = process.cpuUsage();
  for (;;) {
    const now = await values();
    // Garbage was collected or not; the delay of the event loop takes a moment to show.
    const silent = Object.keys(PROCESS_METRICS).filter(
      (name) => name !== 'nodejs_gc_duration_seconds' && !now.get(name),
    );
    if (silent.length === 0) break;
    const { user } = process.cpuUsage(cpu);
    assert.ok(user < 10_000_000, `always 0: ${silent.join(', ')}`);
    const until = performance.now() + 20;
    while (performance.now() < until);
    await delay(1);
  }
});
