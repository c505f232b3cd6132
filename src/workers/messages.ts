import type { Endpoint } from '../wire/endpoint.ts';

/** The listener that a connection belongs to. */
export type ListenerName = 'serving' | 'admin';

/**
 * What a supervisor tells a worker. It outlives the program it was started from and speaks to workers of newer ones:
 * messages may be added, but none may change or be needed.
 */
export type ToWorker =
  /** Comes with the connection. */
  | { readonly kind: 'connection'; readonly listener: ListenerName }
  /** Fail readiness, go on serving. */
  | { readonly kind: 'leave' }
  /** No more connections will come: finish what is open, then end. */
  | { readonly kind: 'drain' }
  /** Read the configuration and the certificates again. */
  | { readonly kind: 'reload' };

/** What a worker tells its supervisor. */
export type FromWorker =
  /** Connections can come; requests may be answered 503 until it is ready. */
  | { readonly kind: 'listening' }
  /** All that can be read has been read. `missing`: why requests cannot be served nevertheless; empty when they can. */
  | { readonly kind: 'settled'; readonly missing: readonly string[] }
  /** The oldest connection that was sent and not confirmed yet has arrived. */
  | { readonly kind: 'taken' };

/** What a worker is started with. */
export interface WorkerAssignment {
  /** 0 to N - 1; whoever replaces a worker has the same. */
  readonly slot: number;
  /** What the supervisor listens on. */
  readonly serving: Endpoint;
  readonly admin: Endpoint | undefined;
  /** The admin listeners of the other workers; empty, too, where an older supervisor says nothing of them. */
  readonly otherAdmins: readonly Endpoint[];
}

/** The environment variable with which a worker knows that it is one. */
export const ASSIGNMENT_VARIABLE = 'MVPROXY_WORKER';

export function formatAssignment(assignment: WorkerAssignment): string {
  return JSON.stringify(assignment);
}

/** Undefined for anything that `formatAssignment` does not make. */
export function parseAssignment(text: string | undefined): WorkerAssignment | undefined {
  const value = parseJson(text ?? '');
  if (!isRecord(value)) return undefined;
  const { slot, serving, admin, otherAdmins } = value;
  if (typeof slot !== 'number' || !isEndpoint(serving)) return undefined;
  return {
    slot,
    serving,
    admin: isEndpoint(admin) ? admin : undefined,
    otherAdmins: Array.isArray(otherAdmins) ? otherAdmins.filter(isEndpoint) : [],
  };
}

export function isToWorker(value: unknown): value is ToWorker {
  if (!isRecord(value)) return false;
  const { kind, listener } = value;
  if (kind === 'connection') return listener === 'serving' || listener === 'admin';
  return kind === 'leave' || kind === 'drain' || kind === 'reload';
}

export function isFromWorker(value: unknown): value is FromWorker {
  if (!isRecord(value)) return false;
  if (value['kind'] === 'settled') return Array.isArray(value['missing']);
  return value['kind'] === 'listening' || value['kind'] === 'taken';
}

function isEndpoint(value: unknown): value is Endpoint {
  return isRecord(value) && typeof value['host'] === 'string' && typeof value['port'] === 'number';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
