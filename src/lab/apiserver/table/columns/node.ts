import type { ApiObject } from '../../../api-object.ts';
import { NONE } from '../cells.ts';
import { at, condition, fields, items, text } from '../json-view.ts';
import { AGE, NAME, type Printer, printer, string, wide } from '../printer.ts';

const UNKNOWN = '<unknown>';
const ROLE_PREFIX = 'node-role.kubernetes.io/';

export const node: Printer = printer(
  NAME,
  string('Status', status),
  string('Roles', roles),
  AGE,
  string('Version', (object) => text(object, 'status.nodeInfo.kubeletVersion')),
  wide(string('Internal-IP', address('InternalIP'))),
  wide(string('External-IP', address('ExternalIP'))),
  wide(string('OS-Image', (object) => text(object, 'status.nodeInfo.osImage') || UNKNOWN)),
  wide(string('Kernel-Version', kernelVersion)),
  wide(string('Container-Runtime', (object) => text(object, 'status.nodeInfo.containerRuntimeVersion') || UNKNOWN)),
);

function status(object: ApiObject): string {
  const ready = condition(object, 'Ready');
  const state = ready === undefined ? 'Unknown' : text(ready, 'status') === 'True' ? 'Ready' : 'NotReady';
  return at(object, 'spec.unschedulable') === true ? `${state},SchedulingDisabled` : state;
}

function roles(object: ApiObject): string {
  const found = new Set<string>();
  for (const [key, value] of Object.entries(fields(object, 'metadata.labels'))) {
    if (key.startsWith(ROLE_PREFIX)) found.add(key.slice(ROLE_PREFIX.length));
    if (key === 'kubernetes.io/role') found.add(String(value));
  }
  found.delete('');
  return [...found].sort().join(',') || NONE;
}

function address(type: string): (object: ApiObject) => string {
  return (object) => {
    const found = items(object, 'status.addresses').find((each) => text(each, 'type') === type);
    return found === undefined ? NONE : text(found, 'address');
  };
}

function kernelVersion(object: ApiObject): string {
  const architecture = text(object, 'status.nodeInfo.architecture');
  const version = text(object, 'status.nodeInfo.kernelVersion') || UNKNOWN;
  return architecture === '' ? version : `${version} (${architecture})`;
}
