import type { ApiObject } from '../../../api-object.ts';
import { labelsText, NONE, shortened } from '../cells.ts';
import { count, fields, items, text } from '../json-view.ts';
import { AGE, NAME, type Printers, printer, string, wide } from '../printer.ts';

export const service: Printers = {
  '/Service': printer(
    NAME,
    string('Type', (object) => text(object, 'spec.type')),
    string('Cluster-IP', (object) => items(object, 'spec.clusterIPs')[0] ?? NONE),
    string('External-IP', externalIp),
    string('Port(s)', (object) => items(object, 'spec.ports').map(portText).join(',') || NONE),
    AGE,
    wide(string('Selector', (object) => labelsText(fields(object, 'spec.selector')))),
  ),
  '/Endpoints': printer(NAME, string('Endpoints', endpoints), AGE),
};

/** IPs or host names of the load balancer in a status, in order. */
export function loadBalancerAddresses(object: ApiObject): readonly string[] {
  const addresses = items(object, 'status.loadBalancer.ingress').map(
    (each) => text(each, 'ip') || text(each, 'hostname'),
  );
  return [...new Set(addresses)].filter((address) => address !== '').sort();
}

function externalIp(object: ApiObject): string {
  const configured = items(object, 'spec.externalIPs').map(String);
  switch (text(object, 'spec.type')) {
    case 'ClusterIP':
    case 'NodePort':
      return configured.join(',') || NONE;
    case 'LoadBalancer':
      return [...loadBalancerAddresses(object), ...configured].join(',') || '<pending>';
    case 'ExternalName':
      return text(object, 'spec.externalName');
    default:
      return '<unknown>';
  }
}

function portText(port: unknown): string {
  const node = count(port, 'nodePort');
  return `${count(port, 'port')}${node > 0 ? `:${node}` : ''}/${text(port, 'protocol')}`;
}

function endpoints(object: ApiObject): string {
  const all = items(object, 'subsets').flatMap((subset) => {
    const addresses = items(subset, 'addresses').map((address) => text(address, 'ip'));
    const ports = items(subset, 'ports').map((port) => count(port, 'port'));
    if (ports.length === 0) return addresses;
    return ports.flatMap((port) => addresses.map((ip) => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`)));
  });
  return items(object, 'subsets').length === 0 ? NONE : shortened(all, 3, '');
}
