import type { ApiObject } from '../../api-object.ts';
import { badRequest } from '../api-error.ts';
import type { ServedType } from '../served-type.ts';
import { isObject } from './object-meta.ts';

/** Whether an object satisfies a field selector. */
export type FieldMatch = (object: ApiObject) => boolean;

const COMMON = ['metadata.name', 'metadata.namespace'];

/** Selectable fields beyond the common ones, with what stands for an absent value; kube-apiserver's, as far as clients ask. */
const FIELDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  '/pods': {
    'spec.nodeName': '',
    'spec.restartPolicy': '',
    'spec.schedulerName': '',
    'spec.serviceAccountName': '',
    'spec.hostNetwork': 'false',
    'status.phase': '',
    'status.podIP': '',
    'status.nominatedNodeName': '',
  },
  '/events': {
    'involvedObject.kind': '',
    'involvedObject.namespace': '',
    'involvedObject.name': '',
    'involvedObject.uid': '',
    'involvedObject.apiVersion': '',
    'involvedObject.resourceVersion': '',
    'involvedObject.fieldPath': '',
    reason: '',
    reportingComponent: '',
    type: '',
  },
  'events.k8s.io/events': { reason: '', reportingController: '', type: '' },
  '/namespaces': { 'status.phase': '' },
  '/nodes': { 'spec.unschedulable': 'false' },
  '/secrets': { type: '' },
  '/services': { 'spec.clusterIP': '', 'spec.type': '' },
  '/replicationcontrollers': { 'status.replicas': '0' },
  'apps/replicasets': { 'status.replicas': '0' },
  'batch/jobs': { 'status.successful': '0' },
  'certificates.k8s.io/certificatesigningrequests': { 'spec.signerName': '' },
};

const OPERATORS = ['!=', '==', '='] as const;

/** Reads a field selector for `type`. Throws ApiError 400 for one that is none, or names a field that cannot be selected. */
export function fieldMatch(type: ServedType, selector: string): FieldMatch {
  const requirements = terms(selector)
    .filter((term) => term !== '')
    .map((term) => requirement(type, selector, term));
  return (object) => requirements.every((matches) => matches(object));
}

function requirement(type: ServedType, selector: string, term: string): FieldMatch {
  const at = term.search(/[!=]=|=/);
  const operator = OPERATORS.find((each) => at >= 0 && term.startsWith(each, at));
  if (operator === undefined) throw badRequest(`invalid selector: '${selector}'; can't understand '${term}'`);
  const field = term.slice(0, at);
  const value = unescaped(term.slice(at + operator.length), selector);
  const absent = absentValue(type, field);
  const path = field.split('.');
  return (object) => ((valueAt(object, path) || absent) === value) === (operator !== '!=');
}

/** Splits at commas that no backslash escapes. */
function terms(selector: string): string[] {
  return selector.match(/(?:\\.|[^\\,])+/gs) ?? [];
}

function unescaped(value: string, selector: string): string {
  if (/^(?:\\[\\,=]|[^\\,=])*$/s.test(value)) return value.replace(/\\(.)/gs, '$1');
  throw badRequest(
    `invalid field selector: ${selector}: '${value}' holds a character that must be escaped with a backslash`,
  );
}

function absentValue(type: ServedType, field: string): string {
  if (COMMON.includes(field)) return '';
  const fields = FIELDS[`${type.group}/${type.resource}`];
  const absent = type.custom === undefined ? fields?.[field] : undefined;
  if (absent !== undefined) return absent;
  if (fields !== undefined || type.custom !== undefined) throw badRequest(`field label not supported: ${field}`);
  const known = COMMON.map((each) => JSON.stringify(each)).join(', ');
  throw badRequest(`${JSON.stringify(field)} is not a known field selector: only ${known}`);
}

function valueAt(object: ApiObject, path: readonly string[]): string {
  let value: unknown = object;
  for (const step of path) value = isObject(value) ? value[step] : undefined;
  return value === undefined || value === null ? '' : String(value);
}
