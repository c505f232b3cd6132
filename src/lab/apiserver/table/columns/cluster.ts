import type { ApiObject } from '../../../api-object.ts';
import { shortened, UNSET } from '../cells.ts';
import { at, condition, hasCondition, items, text } from '../json-view.ts';
import { AGE, boolean, type Column, CREATED_AT, NAME, type Printers, printer, string, wide } from '../printer.ts';

const since37 = (column: Column): Column => ({ ...column, since: 37 });

/** What API servers keep about themselves and their types. */
export const cluster: Printers = {
  'coordination.k8s.io/Lease': printer(
    NAME,
    string('Holder', (object) => text(object, 'spec.holderIdentity')),
    AGE,
  ),
  'coordination.k8s.io/LeaseCandidate': printer(
    NAME,
    string('LeaseName', (object) => text(object, 'spec.leaseName')),
    string('BinaryVersion', (object) => text(object, 'spec.binaryVersion')),
    string('EmulationVersion', (object) => text(object, 'spec.emulationVersion')),
    AGE,
  ),
  'apiextensions.k8s.io/CustomResourceDefinition': printer(
    NAME,
    since37(string('Scope', (object) => text(object, 'spec.scope'))),
    since37(string('Versions', servedVersions)),
    CREATED_AT,
    since37(wide(string('Group', (object) => text(object, 'spec.group')))),
    since37(wide(string('Kind', (object) => text(object, 'spec.names.kind')))),
    since37(wide(string('ShortNames', (object) => items(object, 'spec.names.shortNames').join(',')))),
    since37(wide(boolean('Established', (object) => hasCondition(object, 'Established')))),
  ),
  'apiregistration.k8s.io/APIService': printer(
    NAME,
    string('Service', backingService),
    string('Available', availability),
    AGE,
  ),
  'internal.apiserver.k8s.io/StorageVersion': printer(
    NAME,
    string('CommonEncodingVersion', (object) => at(object, 'status.commonEncodingVersion') ?? UNSET),
    string('StorageVersions', (object) =>
      shortened(items(object, 'status.storageVersions').map(serverVersion), 3, UNSET),
    ),
    AGE,
  ),
  'storagemigration.k8s.io/StorageVersionMigration': printer(
    { ...NAME, format: '' },
    string('Resource', migratedResource),
    string('Status', migrationStatus),
  ),
};

function servedVersions(object: ApiObject): string {
  return items(object, 'spec.versions')
    .filter((version) => at(version, 'served') === true)
    .map((version) => `${text(version, 'name')}${at(version, 'storage') === true ? '(storage)' : ''}`)
    .sort()
    .join(',');
}

function backingService(object: ApiObject): string {
  const service = at(object, 'spec.service');
  return service === undefined ? 'Local' : `${text(service, 'namespace')}/${text(service, 'name')}`;
}

function availability(object: ApiObject): string {
  const available = condition(object, 'Available');
  const status = text(available, 'status') || 'Unknown';
  const reason = text(available, 'reason');
  return status === 'True' || reason === '' ? status : `${status} (${reason})`;
}

function serverVersion(version: unknown): string {
  return `${text(version, 'apiServerID')}=${text(version, 'encodingVersion')}`;
}

function migratedResource(object: ApiObject): string {
  const group = text(object, 'spec.resource.group');
  return `${text(object, 'spec.resource.resource')}${group === '' ? '' : `.${group}`}`;
}

function migrationStatus(object: ApiObject): string {
  const states = ['Running', 'Failed', 'Succeeded'].filter((type) => hasCondition(object, type));
  return states.at(-1) ?? 'Unknown';
}
