import type { ApiObject } from '../../../api-object.ts';
import { at, condition, count, hasCondition, items, text } from '../json-view.ts';

/** The state of a pod in the words of `kubectl get pods` (kubernetes pkg/printers/internalversion printPod). */
export interface PodState {
  readonly ready: number;
  /** Containers that are meant to run on, sidecars included. */
  readonly containers: number;
  readonly status: string;
  readonly restarts: number;
  /** When a container ended that was started again, in epoch milliseconds; 0 if none did. */
  readonly lastRestart: number;
}

type Restarts = Pick<PodState, 'restarts' | 'lastRestart'>;

const NO_RESTARTS: Restarts = { restarts: 0, lastRestart: 0 };

export function podState(pod: ApiObject): PodState {
  const sidecars = new Set(
    items(pod, 'spec.initContainers')
      .filter((container) => text(container, 'restartPolicy') === 'Always')
      .map((container) => text(container, 'name')),
  );
  const isSidecar = (status: unknown) => sidecars.has(text(status, 'name'));
  const initial = items(pod, 'status.initContainerStatuses');
  const running = items(pod, 'status.containerStatuses');

  const failing = initial.findIndex((status) => !isInitialized(status, isSidecar(status)));
  const passed = failing < 0 ? initial : initial.slice(0, failing);
  let ready = passed.filter((status) => isSidecar(status) && !hasExited(status) && at(status, 'ready') === true).length;
  let status = phaseOf(pod);
  let counted: readonly unknown[];
  if (failing >= 0) status = initStatus(initial[failing], failing, items(pod, 'spec.initContainers').length);
  if (failing < 0 || hasCondition(pod, 'Initialized')) {
    counted = [...(failing < 0 ? initial : initial.slice(0, failing + 1)).filter(isSidecar), ...running];
    ready += running.filter(isReady).length;
    status = containersStatus(pod, running, status);
  } else {
    counted = initial.slice(0, failing + 1);
  }
  const containers = items(pod, 'spec.containers').length + sidecars.size;
  return { ready, containers, status: terminating(pod) ?? status, ...counted.reduce(addRestarts, NO_RESTARTS) };
}

function phaseOf(pod: ApiObject): string {
  if (text(condition(pod, 'PodScheduled'), 'reason') === 'SchedulingGated') return 'SchedulingGated';
  return text(pod, 'status.reason') || text(pod, 'status.phase');
}

/** Init containers must have ended well, sidecars must have been started. */
function isInitialized(status: unknown, isSidecar: boolean): boolean {
  return hasExited(status) || (isSidecar && at(status, 'started') === true);
}

function hasExited(status: unknown): boolean {
  return at(status, 'state.terminated') !== undefined && count(status, 'state.terminated.exitCode') === 0;
}

function isReady(status: unknown): boolean {
  const isWaiting = text(status, 'state.waiting.reason') !== '';
  const isTerminated = at(status, 'state.terminated') !== undefined;
  return !isWaiting && !isTerminated && at(status, 'ready') === true && at(status, 'state.running') !== undefined;
}

function initStatus(status: unknown, index: number, total: number): string {
  const ended = endReason(status);
  if (ended !== undefined) return `Init:${ended}`;
  const waiting = text(status, 'state.waiting.reason');
  return waiting !== '' && waiting !== 'PodInitializing' ? `Init:${waiting}` : `Init:${index}/${total}`;
}

/** The first container that has something to say gives the status; completed ones count only if all are. */
function containersStatus(pod: ApiObject, containers: readonly unknown[], otherwise: string): string {
  const reasons = containers.map((container) => text(container, 'state.waiting.reason') || endReason(container));
  const status = reasons.find((reason) => reason !== undefined) ?? otherwise;
  if (status !== 'Completed') return status;
  const isRunning = containers.some(isReady);
  if (isRunning && hasCondition(pod, 'Ready')) return 'Running';
  const failed = containers.findIndex(
    (each) => text(each, 'state.waiting.reason') === '' && count(each, 'state.terminated.exitCode') !== 0,
  );
  return reasons[failed] ?? (isRunning ? 'NotReady' : status);
}

/** Why the container ended; undefined when it has not. */
function endReason(status: unknown): string | undefined {
  if (at(status, 'state.terminated') === undefined) return undefined;
  const signal = count(status, 'state.terminated.signal');
  const fallback = signal === 0 ? `ExitCode:${count(status, 'state.terminated.exitCode')}` : `Signal:${signal}`;
  return text(status, 'state.terminated.reason') || fallback;
}

function terminating(pod: ApiObject): string | undefined {
  if (pod.metadata.deletionTimestamp === undefined) return undefined;
  if (text(pod, 'status.reason') === 'NodeLost') return 'Unknown';
  const phase = text(pod, 'status.phase');
  return phase === 'Succeeded' || phase === 'Failed' ? undefined : 'Terminating';
}

function addRestarts(sum: Restarts, status: unknown): Restarts {
  const ended = text(status, 'lastState.terminated.finishedAt');
  return {
    restarts: sum.restarts + count(status, 'restartCount'),
    lastRestart: ended === '' ? sum.lastRestart : Math.max(sum.lastRestart, Date.parse(ended)),
  };
}
