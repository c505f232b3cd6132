import { setTimeout as delay } from 'node:timers/promises';
import type { Controllers, ControllersOptions } from '../controllers/controllers.ts';
import type { LabPlane } from '../plane/lab-plane.ts';
import { createKubeControllerManager, type KubeControllerManager } from './kube-controller-manager.ts';
import type { ProgramFinder } from './programs.ts';
import type { Reporter } from './reporter.ts';

const POLL_MS = 250;

export interface RealControllersOptions {
  /** Version of kube-controller-manager. */
  readonly version: string;
  readonly programs: ProgramFinder;
  /** Gets a line whenever it ends by itself. Default: standard error. */
  readonly report?: Reporter;
}

/**
 * Runs a real kube-controller-manager where a rehearsal would run the lab's own controllers, and runs it again whenever it
 * gives up, as kubelet does. Nobody hears of its requests, and its periods are its own: it looks at discovery every 30 s,
 * and waits 5 s before it empties a namespace.
 */
export function realControllers(
  options: RealControllersOptions,
): (plane: Pick<LabPlane, 'pki' | 'adminToken'>, target: Pick<ControllersOptions, 'url'>) => Promise<Controllers> {
  return async ({ pki, adminToken: token }, { url }) => {
    const manager = await createKubeControllerManager({ ...options, pki, token, url });
    const closing = new AbortController();
    const { signal } = closing;
    const kept = keepRunning(manager, signal);
    return {
      settled: () => settled(manager, signal),
      async close() {
        closing.abort();
        await manager.kill();
        await kept;
        await manager.close();
      },
    };
  };
}

async function keepRunning(manager: KubeControllerManager, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    // A start that fails leaves it ended, to be started again.
    await manager.start().catch(() => {});
    await rest(signal);
  }
}

/** Resolves when two looks in a row find the garbage collector at work and its queues empty, or when `signal` aborts. */
async function settled(manager: KubeControllerManager, signal: AbortSignal): Promise<void> {
  let idle = 0;
  while (idle < 2 && !signal.aborted) {
    const queues = [...(await manager.queues())].filter(([name]) => name.startsWith('garbage_collector_'));
    const worked = queues.some(([, { adds }]) => adds > 0);
    idle = worked && queues.every(([, { depth }]) => depth === 0) ? idle + 1 : 0;
    await rest(signal);
  }
}

function rest(signal: AbortSignal): Promise<void> {
  return delay(POLL_MS, undefined, { signal }).catch(() => {});
}
