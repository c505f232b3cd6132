import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseApiList } from './api-list.ts';
import { endpointSliceMembers } from './endpoint-slice-members.ts';

const METADATA = { name: 'kubernetes', namespace: 'default', labels: { 'kubernetes.io/service-name': 'kubernetes' } };
const HTTPS = [{ name: 'https', port: 6443, protocol: 'TCP' }];
const SLICE = { metadata: METADATA, addressType: 'IPv4', ports: HTTPS, endpoints: [{ addresses: ['10.0.0.1'] }] };

const found = (...slices: Parameters<typeof endpointSliceMembers>[0]) =>
  endpointSliceMembers(slices).map(({ id }) => id);

test('every endpoint is a server, ready or not, at the port named https', () => {
  const endpoints = [
    { addresses: ['10.0.0.1'], conditions: { ready: true } },
    { addresses: ['10.0.0.2', '10.0.0.3'], conditions: { ready: false } },
  ];
  const ports = [{ name: 'metrics', port: 1 }, ...HTTPS];
  assert.deepEqual(endpointSliceMembers([{ ...SLICE, ports, endpoints }]), [
    { id: '10.0.0.1:6443', name: undefined, host: '10.0.0.1', port: 6443, addresses: ['10.0.0.1'] },
    { id: '10.0.0.2:6443', name: undefined, host: '10.0.0.2', port: 6443, addresses: ['10.0.0.2'] },
  ]);
});

test('all slices of the Service count, whatever their names, each endpoint once', () => {
  const six = { ...SLICE, metadata: { ...METADATA, name: 'kubernetes-v6' }, addressType: 'IPv6' };
  const endpoints = [{ addresses: ['FD00::1'] }];
  assert.deepEqual(found(SLICE, SLICE, { ...six, endpoints }), ['10.0.0.1:6443', '[fd00::1]:6443']);
});

test('slices of other Services, of other namespaces and of host names are not believed', () => {
  const labels = { 'kubernetes.io/service-name': 'other' };
  assert.deepEqual(found({ ...SLICE, metadata: { ...METADATA, labels } }), []);
  assert.deepEqual(found({ ...SLICE, metadata: { ...METADATA, namespace: 'team' } }), []);
  assert.deepEqual(found({ ...SLICE, addressType: 'FQDN', endpoints: [{ addresses: ['metadata.internal'] }] }), []);
});

test('whatever else a server answers as a slice is nothing', () => {
  assert.deepEqual(found({}, { ...SLICE, ports: null }, { ...SLICE, endpoints: [null, {}, { addresses: 'x' }] }), []);
  assert.deepEqual(found({ ...SLICE, ports: [{ name: 'https', port: null }] }), []);
});

test('a list is told from what is none, a part of it from the whole', () => {
  assert.deepEqual(parseApiList('{"metadata":{},"items":[{"a":1},2]}'), { items: [{ a: 1 }], isWhole: true });
  assert.deepEqual(parseApiList('{"metadata":{"continue":""},"items":null}'), { items: [], isWhole: true });
  assert.equal(parseApiList('{"metadata":{"continue":"x"},"items":[]}')?.isWhole, false);
  for (const text of ['', '[]', '{}', '{"items":{}}', 'null']) assert.equal(parseApiList(text), undefined, text);
});
