import type { ListedObject } from '../listed-object.ts';
import type { ScriptedReply } from './scripted-api.ts';

/** An object with the least a server would say. */
export function listed(name: string, resourceVersion: number, namespace = 'default'): ListedObject {
  const creationTimestamp = '2026-01-01T00:00:00Z';
  return {
    metadata: { name, namespace, uid: `uid-${name}`, resourceVersion: String(resourceVersion), creationTimestamp },
  };
}

export function listReply(resourceVersion: number, items: readonly ListedObject[]): ScriptedReply {
  return { status: 200, json: { kind: 'List', metadata: { resourceVersion: String(resourceVersion) }, items } };
}

/** A failure Status as kube-apiserver writes it. */
export function statusReply(code: number, reason: string, details: object = {}): ScriptedReply {
  return { status: code, json: { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, details, code } };
}

/** One line of a watch. */
export function eventLine(type: string, object: object): Buffer {
  return Buffer.from(`${JSON.stringify({ type, object })}\n`);
}
