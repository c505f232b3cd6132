import type { ApiObject } from '../../../api-object.ts';
import { UNSET } from '../cells.ts';
import { at, items, text } from '../json-view.ts';
import { AGE, type Column, integer, NAME, type Printers, printer, string } from '../printer.ts';

const number = (name: string, path: string): Column => integer(name, (object) => items(object, path).length);
const paramKind = string('ParamKind', (object) => {
  const kind = at(object, 'spec.paramKind');
  return kind === undefined ? UNSET : `${text(kind, 'apiVersion')}/${text(kind, 'kind')}`;
});
const webhooks = printer(NAME, number('Webhooks', 'webhooks'), AGE);
const binding = printer(
  NAME,
  string('PolicyName', (object) => text(object, 'spec.policyName')),
  string('ParamRef', paramRef),
  AGE,
);

export const admission: Printers = {
  'admissionregistration.k8s.io/MutatingWebhookConfiguration': webhooks,
  'admissionregistration.k8s.io/ValidatingWebhookConfiguration': webhooks,
  'admissionregistration.k8s.io/ValidatingAdmissionPolicy': printer(
    NAME,
    number('Validations', 'spec.validations'),
    paramKind,
    AGE,
  ),
  'admissionregistration.k8s.io/MutatingAdmissionPolicy': printer(
    NAME,
    number('Mutations', 'spec.mutations'),
    paramKind,
    AGE,
  ),
  'admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding': binding,
  'admissionregistration.k8s.io/MutatingAdmissionPolicyBinding': binding,
};

/** Selectors, which name nothing, are not spelled out. */
function paramRef(object: ApiObject): string {
  const name = text(object, 'spec.paramRef.name');
  return name === '' ? UNSET : `${text(object, 'spec.paramRef.namespace') || '*'}/${name}`;
}
