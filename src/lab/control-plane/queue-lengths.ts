/** `workqueue_depth` and `workqueue_adds_total` of one work queue of a Kubernetes controller. */
export interface QueueLengths {
  readonly depth: number;
  readonly adds: number;
}

const SAMPLE = /^workqueue_(depth|adds_total)\{([^}]*)\} (\S+)$/gm;

/** Reads the text that a Kubernetes program serves at `/metrics`; work queues by their name. */
export function queueLengths(metrics: string): ReadonlyMap<string, QueueLengths> {
  const queues = new Map<string, QueueLengths>();
  for (const [, metric, labels = '', value] of metrics.matchAll(SAMPLE)) {
    const name = /\bname="([^"]*)"/.exec(labels)?.[1] ?? '';
    const known = queues.get(name) ?? { depth: 0, adds: 0 };
    queues.set(name, { ...known, [metric === 'depth' ? 'depth' : 'adds']: Number(value) });
  }
  return queues;
}
