import type { ApiObject } from '../../../api-object.ts';
import { containerImages, containerNames, labelsText } from '../cells.ts';
import { count, fields, items, text } from '../json-view.ts';
import { AGE, integer, NAME, type Printers, printer, string, wide } from '../printer.ts';
import { event } from './event.ts';
import { node } from './node.ts';
import { pod } from './pod.ts';
import { service } from './service.ts';
import { volume } from './volume.ts';
import { containerColumns } from './workload-columns.ts';

const entries = (object: ApiObject, field: string) => Object.keys(fields(object, field)).length;

export const core: Printers = {
  '/Pod': pod,
  '/Node': node,
  '/Event': event,
  'events.k8s.io/Event': event,
  ...service,
  ...volume,
  '/Namespace': printer(
    NAME,
    string('Status', (object) => text(object, 'status.phase')),
    AGE,
  ),
  '/ConfigMap': printer(
    NAME,
    string('Data', (object) => entries(object, 'data') + entries(object, 'binaryData')),
    AGE,
  ),
  '/Secret': printer(
    NAME,
    string('Type', (object) => text(object, 'type')),
    string('Data', (object) => entries(object, 'data')),
    AGE,
  ),
  '/ServiceAccount': printer(
    NAME,
    { ...string('Secrets', (object) => items(object, 'secrets').length), before: 36 },
    AGE,
  ),
  '/PodTemplate': printer(
    NAME,
    string('Containers', (object) => containerNames(object, 'template.spec.containers')),
    string('Images', (object) => containerImages(object, 'template.spec.containers')),
    string('Pod Labels', (object) => labelsText(fields(object, 'template.metadata.labels'))),
  ),
  '/ReplicationController': printer(
    NAME,
    integer('Desired', (object) => count(object, 'spec.replicas')),
    integer('Current', (object) => count(object, 'status.replicas')),
    integer('Ready', (object) => count(object, 'status.readyReplicas')),
    AGE,
    ...containerColumns('spec.template'),
    wide(string('Selector', (object) => labelsText(fields(object, 'spec.selector')))),
  ),
  '/ResourceQuota': printer(
    NAME,
    string('Request', (object) => quotas(object, false)),
    string('Limit', (object) => quotas(object, true)),
    AGE,
  ),
  '/ComponentStatus': printer(
    NAME,
    string('Status', (object) => HEALTH[text(healthy(object), 'status')] ?? 'Unknown'),
    string('Message', (object) => text(healthy(object), 'message')),
    string('Error', (object) => text(healthy(object), 'error')),
  ),
};

const HEALTH: Readonly<Record<string, string>> = { True: 'Healthy', False: 'Unhealthy', Unknown: 'Unhealthy' };

function healthy(object: ApiObject): unknown {
  return items(object, 'conditions').find((each) => text(each, 'type') === 'Healthy');
}

function quotas(object: ApiObject, ofLimits: boolean): string {
  const hard = fields(object, 'status.hard');
  const used = fields(object, 'status.used');
  return Object.keys(hard)
    .filter((resource) => resource.startsWith('limits.') === ofLimits)
    .sort()
    .map((resource) => `${resource}: ${used[resource] ?? '0'}/${hard[resource]}`)
    .join(', ');
}
