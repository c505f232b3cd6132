import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { ApiObject, JsonObject, ManagedFieldsEntry } from '../../api-object.ts';
import { ApiError } from '../api-error.ts';
import type { ServedType } from '../served-type.ts';
import { isList, isObject } from './json.ts';
import { patchObject, trackUpdate } from './patch.ts';

/** What a real kube-apiserver 1.37.2 answered to each request, in order. Ids, times and versions are replaced by fixed ones. */
interface Scenario {
  readonly name: string;
  readonly resource: string;
  readonly steps: readonly Step[];
}

interface Step {
  readonly method: 'POST' | 'PATCH';
  readonly contentType?: string;
  readonly query: { readonly fieldManager: string; readonly force?: string };
  readonly subresource?: string;
  readonly body: unknown;
  readonly status: number;
  readonly answer: ApiObject & { readonly message?: string };
}

const NOW = '2026-01-01T00:00:00Z';

const SCHEMA = recorded('apply').schema;

const TYPES: Readonly<Record<string, readonly [string, string, string]>> = {
  configmaps: ['', 'v1', 'ConfigMap'],
  podtemplates: ['', 'v1', 'PodTemplate'],
  serviceaccounts: ['', 'v1', 'ServiceAccount'],
  services: ['', 'v1', 'Service'],
  deployments: ['apps', 'v1', 'Deployment'],
  rolebindings: ['rbac.authorization.k8s.io', 'v1', 'RoleBinding'],
  poddisruptionbudgets: ['policy', 'v1', 'PodDisruptionBudget'],
  widgets: ['patch.example.com', 'v1', 'Widget'],
};

for (const family of ['strategic', 'apply'] as const) {
  describe(`${family} patches as kube-apiserver 1.37.2 answers them`, () => {
    for (const scenario of recorded(family).scenarios) it(scenario.name, () => replay(scenario));
  });
}

function replay({ resource, steps }: Scenario): void {
  const type = typeOf(resource);
  let current: ApiObject | undefined;
  for (const [at, step] of steps.entries()) {
    const where = `step ${at + 1}`;
    if (step.status >= 400) {
      // The server's own decoding and validation are not the patch's business.
      if (/Required value$/.test(step.answer.message ?? '')) continue;
      assert.throws(() => take(step, type, current), isAnswer(step), where);
      continue;
    }
    const taken = take(step, type, current);
    assert.deepEqual(comparable(taken, step), comparable(step.answer, step), where);
    const text = ({ metadata }: ApiObject) => JSON.stringify(metadata.managedFields?.map(({ fieldsV1 }) => fieldsV1));
    assert.equal(text(taken), text(step.answer), `${where}: the order of managed fields`);
    current = step.answer;
  }
}

/** What the caller of this room does with a request. */
function take(step: Step, type: ServedType, current: ApiObject | undefined): ApiObject {
  const { method, contentType = '', query, subresource = '', body } = step;
  const { fieldManager, force } = query;
  const patched =
    method === 'POST'
      ? (body as ApiObject)
      : patchObject({
          contentType,
          body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
          current,
          type,
          fieldManager,
          force: force === undefined ? undefined : force === 'true',
          now: NOW,
          subresource,
        });
  if (contentType.startsWith('application/apply-patch')) return patched;
  const next = method === 'POST' ? withDefaults(patched, step.answer) : scoped(patched, current, type, subresource);
  const by = { manager: fieldManager, operation: 'Update', apiVersion: next.apiVersion, subresource } as const;
  return withManagedFields(next, trackUpdate(current, next, { ...by, time: NOW, type }));
}

/** An object that is created has the server's defaults before anything is recorded of it. */
function withDefaults(created: ApiObject, answer: ApiObject): ApiObject {
  return { ...answer, metadata: created.metadata };
}

function scoped(patched: ApiObject, current: ApiObject | undefined, type: ServedType, subresource: string): ApiObject {
  if (current === undefined || !type.subresources.has('status')) return patched;
  return subresource === 'status' && type.custom !== undefined
    ? { ...current, status: patched['status'] }
    : subresource === ''
      ? { ...patched, ...('status' in current && { status: current['status'] }) }
      : patched;
}

function withManagedFields(object: ApiObject, managedFields: readonly ManagedFieldsEntry[]): ApiObject {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata: managedFields.length === 0 ? metadata : { ...metadata, managedFields } };
}

/**
 * Without what the caller decides: of a status request only the status counts, of an apply that creates only its metadata,
 * and not the fields that the server gives their default when nobody sets them.
 */
function comparable(object: ApiObject, { subresource, contentType, status: code }: Step): unknown {
  const { uid: _, creationTimestamp: __, generation: ___, namespace: ____, ...metadata } = object.metadata;
  const { status, ...rest } = object;
  if (subresource === 'status') return { status, managedFields: metadata.managedFields };
  if (contentType !== 'application/apply-patch+yaml') return { ...rest, metadata };
  return code === 201 ? { metadata } : { ...Object(withoutDefaulted(rest)), metadata };
}

function withoutDefaulted(value: unknown): unknown {
  if (isList(value)) return value.map(withoutDefaulted);
  if (!isObject(value)) return value;
  const defaulted = new Set(['replicas', 'zone']);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !defaulted.has(name))
      .map(([name, item]) => [name, withoutDefaulted(item)]),
  );
}

function isAnswer(step: Step) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof ApiError, String(error));
    const sorted = (status: unknown): unknown => {
      const copy = structuredClone(status) as { details?: { causes?: { field?: string }[] } };
      copy.details?.causes?.sort((left, right) => ((left.field ?? '') < (right.field ?? '') ? -1 : 1));
      return copy;
    };
    if (/yaml: line/.test(step.answer.message ?? '')) {
      assert.equal(error.status.code, 400);
      return true;
    }
    assert.deepEqual(sorted(error.status), sorted(step.answer));
    return true;
  };
}

function typeOf(resource: string): ServedType {
  const [group = '', version = '', kind = ''] = TYPES[resource] ?? [];
  const hasStatus = ['deployments', 'services', 'poddisruptionbudgets', 'widgets'].includes(resource);
  const status = { group, version, kind, verbs: ['get', 'patch', 'update'] };
  return {
    group,
    version,
    resource,
    kind,
    listKind: `${kind}List`,
    singular: kind.toLowerCase(),
    namespaced: true,
    verbs: [],
    shortNames: [],
    categories: [],
    subresources: new Map(hasStatus ? [['status', status]] : []),
    custom:
      resource === 'widgets'
        ? { definition: 'widgets.patch.example.com', schema: SCHEMA, printerColumns: [], scale: undefined }
        : undefined,
  };
}

function recorded(family: 'apply' | 'strategic') {
  const { definition, scenarios } = JSON.parse(
    readFileSync(new URL(`fixtures/${family}.json`, import.meta.url), 'utf8'),
  );
  const schema: JsonObject | undefined = definition?.spec.versions[0].schema.openAPIV3Schema;
  return { schema, scenarios: scenarios as readonly Scenario[] };
}
