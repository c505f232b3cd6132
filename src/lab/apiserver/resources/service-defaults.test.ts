import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../../api-object.ts';
import { clientWithNamespace } from './testing/resource-client.ts';

const SERVICES = '/api/v1/namespaces/ns/services';
const REACHED = { sessionAffinity: 'None', internalTrafficPolicy: 'Cluster' };
const SINGLE = { ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' };

// But for addresses and ports, expected values are what kube-apiserver 1.37.2 answered to the same objects.

test('a Service has the defaults of its type, and addresses', async () => {
  const client = await clientWithNamespace();
  let count = 0;
  const made = async (spec: JsonObject) => {
    const { value } = await client.call('POST', SERVICES, { metadata: { name: `s${count++}` }, spec });
    assert.deepEqual(value.status, { loadBalancer: {} });
    return value.spec;
  };
  const port = { port: 80, protocol: 'TCP', targetPort: 80 };
  const first = { clusterIP: '10.0.0.2', clusterIPs: ['10.0.0.2'] };
  assert.deepEqual(await made({ ports: [{ port: 80 }], selector: { a: 'b' } }), {
    type: 'ClusterIP',
    ports: [port],
    selector: { a: 'b' },
    ...first,
    ...REACHED,
    ...SINGLE,
  });
  const second = { clusterIP: '10.0.0.3', clusterIPs: ['10.0.0.3'] };
  const onNodes = { ...REACHED, ...SINGLE, externalTrafficPolicy: 'Cluster' };
  assert.deepEqual(await made({ type: 'NodePort', ports: [{ port: 80 }] }), {
    type: 'NodePort',
    ports: [{ ...port, nodePort: 30000 }],
    ...second,
    ...onNodes,
  });
  const third = { clusterIP: '10.0.0.4', clusterIPs: ['10.0.0.4'] };
  assert.deepEqual(await made({ type: 'LoadBalancer', ports: [{ port: 80 }, { port: 81, nodePort: 30001 }] }), {
    type: 'LoadBalancer',
    ports: [
      { ...port, nodePort: 30002 },
      { port: 81, protocol: 'TCP', targetPort: 81, nodePort: 30001 },
    ],
    allocateLoadBalancerNodePorts: true,
    ...third,
    ...onNodes,
  });
  assert.deepEqual(await made({ type: 'ExternalName', externalName: 'a.b' }), {
    type: 'ExternalName',
    externalName: 'a.b',
    sessionAffinity: 'None',
  });
  const headless = { clusterIP: 'None', clusterIPs: ['None'], type: 'ClusterIP' };
  assert.deepEqual(await made({ clusterIP: 'None', ports: [{ port: 80, targetPort: 'http' }] }), {
    ...headless,
    ports: [{ ...port, targetPort: 'http' }],
    ...REACHED,
    ipFamilies: ['IPv4', 'IPv6'],
    ipFamilyPolicy: 'RequireDualStack',
  });
  assert.deepEqual(await made({ clusterIP: 'None', sessionAffinity: 'ClientIP', selector: { a: 'b' } }), {
    ...headless,
    ...REACHED,
    selector: { a: 'b' },
    sessionAffinity: 'ClientIP',
    sessionAffinityConfig: { clientIP: { timeoutSeconds: 10800 } },
    ...SINGLE,
  });
});

test('a Service keeps what it was given', async () => {
  const client = await clientWithNamespace();
  const spec = { type: 'NodePort', ports: [{ port: 80 }] };
  const { value: made } = await client.call('POST', SERVICES, { metadata: { name: 's' }, spec });
  const { value: other } = await client.call('POST', SERVICES, { metadata: { name: 't' }, spec });
  assert.notEqual(made.spec.ports[0].nodePort, other.spec.ports[0].nodePort);
  const { value: replaced } = await client.call('PUT', `${SERVICES}/t`, { metadata: { name: 't' }, spec });
  assert.deepEqual(replaced.spec, other.spec);
});
