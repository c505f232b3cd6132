import type { ApiObject } from '../../../api-object.ts';
import { labelsText, NONE, selectorText } from '../cells.ts';
import { at, count, fields, items, text } from '../json-view.ts';
import { AGE, integer, NAME, type Printers, printer, string, wide } from '../printer.ts';
import { containerColumns, selectorColumn } from './workload-columns.ts';

const TEMPLATE = 'spec.template';
const number = (path: string) => (object: ApiObject) => count(object, path);
const readyOfDesired = (object: ApiObject) =>
  `${count(object, 'status.readyReplicas')}/${count(object, 'spec.replicas')}`;

export const apps: Printers = {
  'apps/Deployment': printer(
    NAME,
    string('Ready', readyOfDesired),
    string('Up-to-date', number('status.updatedReplicas')),
    string('Available', number('status.availableReplicas')),
    AGE,
    ...containerColumns(TEMPLATE),
    wide(string('Selector', (object) => selectorText(at(object, 'spec.selector')))),
  ),
  'apps/ReplicaSet': printer(
    NAME,
    integer('Desired', number('spec.replicas')),
    integer('Current', number('status.replicas')),
    integer('Ready', number('status.readyReplicas')),
    AGE,
    ...containerColumns(TEMPLATE),
    selectorColumn('spec.selector'),
  ),
  'apps/StatefulSet': printer(NAME, string('Ready', readyOfDesired), AGE, ...containerColumns(TEMPLATE)),
  'apps/DaemonSet': printer(
    NAME,
    integer('Desired', number('status.desiredNumberScheduled')),
    integer('Current', number('status.currentNumberScheduled')),
    integer('Ready', number('status.numberReady')),
    integer('Up-to-date', number('status.updatedNumberScheduled')),
    integer('Available', number('status.numberAvailable')),
    string('Node Selector', (object) => labelsText(fields(object, 'spec.template.spec.nodeSelector'))),
    AGE,
    ...containerColumns(TEMPLATE),
    selectorColumn('spec.selector'),
  ),
  'apps/ControllerRevision': printer(
    NAME,
    string('Controller', controller),
    string('Revision', number('revision')),
    AGE,
  ),
};

function controller(object: ApiObject): string {
  const owner = items(object, 'metadata.ownerReferences').find((each) => at(each, 'controller') === true);
  if (owner === undefined) return NONE;
  const group = text(owner, 'apiVersion').split('/').slice(0, -1);
  return `${[text(owner, 'kind'), ...group].join('.').toLowerCase()}/${text(owner, 'name')}`;
}
