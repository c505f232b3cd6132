import type { ApiObject } from '../../../api-object.ts';
import { NONE, selectorText, shortened } from '../cells.ts';
import { at, count, items, text } from '../json-view.ts';
import { AGE, NAME, nameColumn, objectName, type Printers, printer, string } from '../printer.ts';
import { loadBalancerAddresses } from './service.ts';

export const networking: Printers = {
  'networking.k8s.io/Ingress': printer(
    NAME,
    string('Class', (object) => at(object, 'spec.ingressClassName') ?? NONE),
    string('Hosts', hosts),
    string('Address', (object) => loadBalancerAddresses(object).join(',')),
    string('Ports', (object) => (items(object, 'spec.tls').length > 0 ? '80, 443' : '80')),
    AGE,
  ),
  'networking.k8s.io/IngressClass': printer(
    nameColumn(ingressClassName),
    string('Controller', (object) => text(object, 'spec.controller')),
    string('Parameters', parameters),
    AGE,
  ),
  'networking.k8s.io/NetworkPolicy': printer(
    NAME,
    string('Pod-Selector', (object) => selectorText(at(object, 'spec.podSelector')) || NONE),
    AGE,
  ),
  'networking.k8s.io/ServiceCIDR': printer(
    NAME,
    string('CIDRs', (object) => items(object, 'spec.cidrs').join(',')),
    AGE,
  ),
  'networking.k8s.io/IPAddress': printer(NAME, string('ParentRef', parent)),
  'discovery.k8s.io/EndpointSlice': printer(
    NAME,
    string('AddressType', (object) => text(object, 'addressType')),
    string('Ports', (object) => shortened(items(object, 'ports').map(slicePort), 3, '<unset>')),
    string('Endpoints', (object) =>
      shortened(
        items(object, 'endpoints').flatMap((endpoint) => items(endpoint, 'addresses').map(String)),
        3,
        '<unset>',
      ),
    ),
    AGE,
  ),
};

function hosts(object: ApiObject): string {
  const rules = items(object, 'spec.rules');
  const named = rules.map((rule) => text(rule, 'host')).filter((host) => host !== '');
  return shortened(named, 3, '*', rules.length);
}

function ingressClassName(object: ApiObject): string {
  const isDefault = object.metadata.annotations?.['ingressclass.kubernetes.io/is-default-class'] === 'true';
  return isDefault ? `${objectName(object)} (default)` : objectName(object);
}

function parameters(object: ApiObject): string {
  const reference = at(object, 'spec.parameters');
  if (reference === undefined) return NONE;
  const group = at(reference, 'apiGroup');
  return `${text(reference, 'kind')}${group === undefined ? '' : `.${group}`}/${text(reference, 'name')}`;
}

function parent(object: ApiObject): string {
  const reference = at(object, 'spec.parentRef');
  if (reference === undefined) return NONE;
  const group = text(reference, 'group');
  const type = `${text(reference, 'resource')}${group === '' ? '' : `.${group}`}`.toLowerCase();
  const namespace = text(reference, 'namespace');
  return [type, ...(namespace === '' ? [] : [namespace]), text(reference, 'name')].join('/');
}

function slicePort(port: unknown): string {
  return at(port, 'port') === undefined ? text(port, 'name') || '*' : String(count(port, 'port'));
}
