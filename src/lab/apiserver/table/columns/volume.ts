import type { ApiObject } from '../../../api-object.ts';
import { UNSET } from '../cells.ts';
import { at, fields, items, text } from '../json-view.ts';
import { AGE, NAME, type Printers, printer, string, wide } from '../printer.ts';

const ACCESS_MODES: readonly (readonly [mode: string, short: string])[] = [
  ['ReadWriteOnce', 'RWO'],
  ['ReadOnlyMany', 'ROX'],
  ['ReadWriteMany', 'RWX'],
  ['ReadWriteOncePod', 'RWOP'],
];

const attributesClass = string(
  'VolumeAttributesClass',
  (object) => at(object, 'spec.volumeAttributesClassName') ?? UNSET,
);
const volumeMode = wide(string('VolumeMode', (object) => at(object, 'spec.volumeMode') ?? UNSET));
const status = string('Status', (object) =>
  object.metadata.deletionTimestamp === undefined ? text(object, 'status.phase') : 'Terminating',
);
const storageClass = string('StorageClass', storageClassName);

export const volume: Printers = {
  '/PersistentVolume': printer(
    NAME,
    string('Capacity', (object) => quantity(object, 'spec.capacity')),
    string('Access Modes', (object) => accessModes(object, 'spec.accessModes')),
    string('Reclaim Policy', (object) => text(object, 'spec.persistentVolumeReclaimPolicy')),
    status,
    string('Claim', claim),
    storageClass,
    attributesClass,
    string('Reason', (object) => text(object, 'status.reason')),
    AGE,
    volumeMode,
  ),
  '/PersistentVolumeClaim': printer(
    NAME,
    status,
    string('Volume', (object) => text(object, 'spec.volumeName')),
    string('Capacity', (object) => (isBound(object) ? quantity(object, 'status.capacity') : '')),
    string('Access Modes', (object) => (isBound(object) ? accessModes(object, 'status.accessModes') : '')),
    storageClass,
    attributesClass,
    AGE,
    volumeMode,
  ),
};

const isBound = (object: ApiObject) => text(object, 'spec.volumeName') !== '';

function quantity(object: ApiObject, path: string): string {
  return String(fields(object, path)['storage'] ?? '0');
}

function accessModes(object: ApiObject, path: string): string {
  const modes = items(object, path);
  return ACCESS_MODES.filter(([mode]) => modes.includes(mode))
    .map(([, short]) => short)
    .join(',');
}

function storageClassName({ metadata, ...object }: ApiObject): string {
  return metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? text(object, 'spec.storageClassName');
}

function claim(object: ApiObject): string {
  const reference = at(object, 'spec.claimRef');
  return reference === undefined ? '' : `${text(reference, 'namespace')}/${text(reference, 'name')}`;
}
