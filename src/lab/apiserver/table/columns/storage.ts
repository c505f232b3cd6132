import type { ApiObject } from '../../../api-object.ts';
import { joinedTexts, NONE, UNSET } from '../cells.ts';
import { at, items, text } from '../json-view.ts';
import {
  AGE,
  boolean,
  type CellContext,
  integer,
  NAME,
  nameColumn,
  objectName,
  type Printers,
  printer,
  string,
} from '../printer.ts';

const DEFAULT_CLASS = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];

export const storage: Printers = {
  'storage.k8s.io/StorageClass': printer(
    nameColumn(storageClassName),
    string('Provisioner', (object) => text(object, 'provisioner')),
    string('ReclaimPolicy', (object) => at(object, 'reclaimPolicy') ?? 'Delete'),
    string('VolumeBindingMode', (object) => at(object, 'volumeBindingMode') ?? 'Immediate'),
    string('AllowVolumeExpansion', (object) => at(object, 'allowVolumeExpansion') === true),
    AGE,
  ),
  'storage.k8s.io/VolumeAttributesClass': printer(
    NAME,
    string('DriverName', (object) => text(object, 'driverName')),
    AGE,
  ),
  'storage.k8s.io/VolumeAttachment': printer(
    NAME,
    { ...string('Attacher', (object) => text(object, 'spec.attacher')), format: 'name' },
    string('PV', (object) => text(object, 'spec.source.persistentVolumeName')),
    string('Node', (object) => text(object, 'spec.nodeName')),
    boolean('Attached', (object) => at(object, 'status.attached') === true),
    AGE,
  ),
  'storage.k8s.io/CSINode': printer(
    NAME,
    integer('Drivers', (object) => items(object, 'spec.drivers').length),
    AGE,
  ),
  'storage.k8s.io/CSIDriver': printer(
    NAME,
    boolean('AttachRequired', (object) => at(object, 'spec.attachRequired') !== false),
    boolean('PodInfoOnMount', (object) => at(object, 'spec.podInfoOnMount') === true),
    boolean('StorageCapacity', (object) => at(object, 'spec.storageCapacity') === true),
    string('TokenRequests', (object) =>
      at(object, 'spec.tokenRequests') === undefined
        ? UNSET
        : joinedTexts(items(object, 'spec.tokenRequests'), 'audience'),
    ),
    boolean('RequiresRepublish', (object) => at(object, 'spec.requiresRepublish') === true),
    string('Modes', (object) => items(object, 'spec.volumeLifecycleModes').join(',') || NONE),
    AGE,
  ),
};

/** In a list, the newest of the classes that are marked as default is the effective one. */
function storageClassName(object: ApiObject, { list = [] }: CellContext): string {
  const [effective] = list.filter(isMarkedDefault).sort(newestFirst);
  return effective !== undefined && objectName(effective) === objectName(object)
    ? `${objectName(object)} (default)`
    : objectName(object);
}

function isMarkedDefault({ metadata }: ApiObject): boolean {
  return DEFAULT_CLASS.some((annotation) => metadata.annotations?.[annotation] === 'true');
}

function newestFirst(a: ApiObject, b: ApiObject): number {
  const later = Date.parse(b.metadata.creationTimestamp) - Date.parse(a.metadata.creationTimestamp);
  return later !== 0 ? later : objectName(a) < objectName(b) ? -1 : 1;
}
