import type { ApiObject } from '../../../api-object.ts';
import { timeSince } from '../human-duration.ts';
import { at, items, text } from '../json-view.ts';
import { AGE, NAME, type Printers, printer, string } from '../printer.ts';

/** Dynamic resource allocation. */
export const resource: Printers = {
  'resource.k8s.io/DeviceClass': printer(NAME, AGE),
  'resource.k8s.io/ResourceClaimTemplate': printer(NAME, AGE),
  'resource.k8s.io/ResourceClaim': printer(NAME, string('State', claimState), AGE),
  'resource.k8s.io/ResourceSlice': printer(
    NAME,
    string('Node', (object) => text(object, 'spec.nodeName')),
    string('Driver', (object) => text(object, 'spec.driver')),
    string('Pool', (object) => text(object, 'spec.pool.name')),
    AGE,
  ),
  'resource.k8s.io/DeviceTaintRule': printer(
    NAME,
    string('Key', (object) => text(object, 'spec.taint.key')),
    string('Value', (object) => text(object, 'spec.taint.value')),
    string('Effect', (object) => text(object, 'spec.taint.effect')),
    string('TimeAdded', (object, { now }) =>
      at(object, 'spec.taint.timeAdded') === undefined ? '' : timeSince(at(object, 'spec.taint.timeAdded'), now),
    ),
    AGE,
  ),
};

function claimState(object: ApiObject): string {
  const isDeleted = object.metadata.deletionTimestamp !== undefined;
  const isAllocated = at(object, 'status.allocation') !== undefined;
  const isReserved = isAllocated && items(object, 'status.reservedFor').length > 0;
  return [
    ...(isDeleted ? ['deleted'] : []),
    ...(isAllocated ? ['allocated'] : isDeleted ? [] : ['pending']),
    ...(isReserved ? ['reserved'] : []),
  ].join(',');
}
