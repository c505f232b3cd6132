import assert from 'node:assert/strict';
import { test } from 'node:test';
import { queueLengths } from './queue-lengths.ts';

test('depth and adds of each queue, whatever the order of metrics and labels', () => {
  const queues = queueLengths(
    [
      '# TYPE workqueue_adds_total counter',
      'workqueue_adds_total{name="namespace"} 3',
      'workqueue_adds_total{name="garbage_collector_graph_changes"} 1.97e+02',
      'workqueue_depth{name="garbage_collector_graph_changes",priority=""} 4',
      'workqueue_retries_total{name="namespace"} 9',
      '',
    ].join('\n'),
  );
  assert.deepEqual(Object.fromEntries(queues), {
    namespace: { depth: 0, adds: 3 },
    garbage_collector_graph_changes: { depth: 4, adds: 197 },
  });
});
