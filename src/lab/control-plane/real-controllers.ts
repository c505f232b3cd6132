import { setTimeout as delay } from 'node:timers/promises';
import type { Controllers, ControllersOptions } from '../controllers/controllers.ts';
import type { LabPlane } from '../plane/lab-plane.ts';
import { type KubeControllerManager, startKubeControllerManager } from './kube-controller-manager.ts';
import type { ProgramFinder } from './programs.ts';
import type { Reporter } from './reporter.ts';

const POLL_MS = 250;

export interface RealControllersOptions {
  /** Version of kube-controller-manager. */
  readonly version: string;
  readonly programs: ProgramFinder;
  readonly report?: Reporter;
}

/**
 * Starts a real kube-controller-manager where a rehearsal would start the lab's own controllers. Nobody hears of its
 * requests, and its periods are its own: it looks at discovery every 30 s, and waits 5 s before it empties a namespace.
 */
export function realControllers(
  options: RealControllersOptions,
): (plane: LabPlane, target: Pick<ControllersOptions, 'url'>) => Promise<Controllers> {
  return async ({ pki, adminToken: token }, { url }) => {
    const manager = await startKubeControllerManager({ ...options, pki, token, url });
    const closed = new AbortController();
    return {
      settled: () => settled(manager, closed.signal),
      async close() {
        closed.abort();
        await manager.close();
      },
    };
  };
}

/** Resolves when two looks in a row find the garbage collector at work and its queues empty, or when `closed` aborts. */
async function settled(manager: KubeControllerManager, closed: AbortSignal): Promise<void> {
  let idle = 0;
  while (idle < 2 && !closed.aborted) {
    const queues = [...(await manager.queues())].filter(([name]) => name.startsWith('garbage_collector_'));
    const worked = queues.some(([, { adds }]) => adds > 0);
    idle = worked && queues.every(([, { depth }]) => depth === 0) ? idle + 1 : 0;
    await delay(POLL_MS);
  }
}
