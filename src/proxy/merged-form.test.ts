import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FakeExchange, type FakeRequest } from '../../test/support/fake-exchange.ts';
import { ProxySetting } from '../../test/support/proxy-setting.ts';
import { publishDiscovery } from '../discovery/published-discovery.ts';
import { discoveryOf } from '../discovery/testing/discovery-of.ts';
import { mergedForm } from './merged-form.ts';
import type { PreparedRequest } from './prepared-request.ts';

const published = await publishDiscovery(
  discoveryOf({ v1: { pods: ['get'] }, 'example.com/v1': { widgets: ['get'] }, 'example.com/v2': {} }, [
    'example.com/v2',
  ]),
);

const JSON_ONLY = 'application/json';
const V2 = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const V2_BETA_1 = V2.replace('v=v2', 'v=v2beta1');
const NOPEER = `${V2};profile=nopeer`;
const protobuf = (accept: string) => accept.replace('json', 'vnd.kubernetes.protobuf');

function formOf(request: FakeRequest, overrides: Partial<PreparedRequest> = {}) {
  return mergedForm(new ProxySetting().prepare(new FakeExchange(request), overrides), published);
}

const asking = (target: string, accept?: string): FakeRequest => ({
  target,
  fields: accept === undefined ? [] : ['accept', accept],
});

describe('the merged view answers', () => {
  const aggregated = { kind: 'aggregated', root: '/apis', version: 'v2', pretty: false } as const;
  for (const [name, request, expected] of [
    ['v2', asking('/apis', V2), aggregated],
    ['v2beta1', asking('/apis', V2_BETA_1), { ...aggregated, version: 'v2beta1' }],
    ['/api', asking('/api', V2), { ...aggregated, root: '/api' }],
    ['with a query', asking('/apis?timeout=32s', V2), aggregated],
    ['indented', asking('/apis', `${V2};pretty=1`), { ...aggregated, pretty: true }],
    ['kubectl', asking('/apis', `${V2},${V2_BETA_1},${JSON_ONLY}`), aggregated],
    ['JSON where protobuf is preferred', asking('/apis', `${protobuf(V2)},${V2}`), aggregated],
  ] as const) {
    test(name, () => assert.deepEqual(formOf(request), expected));
  }

  const document = (path: string) => ({
    kind: 'unaggregated',
    root: path.startsWith('/apis') ? '/apis' : '/api',
    path,
    pretty: false,
  });
  const PATHS = ['/apis', '/apis/example.com', '/apis/example.com/v1', '/api', '/api/v1'];

  for (const accept of [
    undefined,
    '',
    JSON_ONLY,
    '*/*',
    'application/*',
    `${JSON_ONLY};foo=bar`,
    `${protobuf(JSON_ONLY)},*/*`,
  ]) {
    test(`unaggregated documents for Accept ${accept}`, () => {
      for (const path of PATHS) {
        assert.deepEqual(formOf(asking(path, accept)), document(path));
        assert.deepEqual(formOf(asking(`${path}?timeout=32s`, accept)), document(path));
        assert.deepEqual(formOf(asking(`${path}/`, accept)), document(path), 'a slash makes no difference');
      }
    });
  }

  test('below the roots, and on /apis/, clauses for the aggregated form count for nothing', () => {
    for (const path of ['/apis/', '/apis/example.com', '/apis/example.com/v1', '/api/v1']) {
      const unaggregated = document(path.replace(/\/$/, ''));
      assert.deepEqual(formOf(asking(path, `${V2},${JSON_ONLY}`)), unaggregated);
      assert.equal(formOf(asking(path, V2)), undefined, 'a server says 406');
    }
  });

  test('indented on request', () => {
    const form = formOf(asking('/apis/example.com', `${JSON_ONLY};pretty=1`));
    assert.deepEqual(form, { ...document('/apis/example.com'), pretty: true });
  });

  test('escaped paths like those they stand for', () => {
    assert.deepEqual(formOf(asking('/apis/ex%61mple.com', JSON_ONLY)), document('/apis/example.com'));
  });
});

describe('a server answers', () => {
  for (const [name, request, overrides] of [
    ['the server-local view', asking('/apis', NOPEER), {}],
    ['the server-local view in protobuf, with JSON to fall back on', asking('/apis', `${protobuf(NOPEER)},${V2}`), {}],
    ['the server-local view, unaggregated', asking('/apis', `${JSON_ONLY};profile=nopeer`), {}],
    ['the server-local view of a version', asking('/apis/example.com/v1', `${JSON_ONLY};profile=nopeer`), {}],
    ['a version to who wants the server-local view of roots', asking('/api/v1', `${NOPEER},${JSON_ONLY}`), {}],
    ['/api/', asking('/api/', V2), {}],
    ['protobuf', asking('/apis', protobuf(V2)), {}],
    ['unaggregated protobuf', asking('/apis/example.com/v1', protobuf(JSON_ONLY)), {}],
    ['YAML', asking('/apis', 'application/yaml'), {}],
    ['what nobody can write', asking('/apis/example.com', 'text/html'), {}],
    ['Tables', asking('/apis/example.com/v1', `${JSON_ONLY};as=Table;v=v1;g=meta.k8s.io`), {}],
    ['HEAD', { ...asking('/apis', V2), method: 'HEAD' }, {}],
    ['HEAD of a version', { ...asking('/api/v1', JSON_ONLY), method: 'HEAD' }, {}],
    ['POST', { ...asking('/apis', V2), method: 'POST' }, {}],
    ['what a peer routed here', asking('/apis', V2), { alreadyProxied: true }],
    ['an unaggregated document that a peer routed here', asking('/api/v1', JSON_ONLY), { alreadyProxied: true }],
    ['a group that the merged view lacks', asking('/apis/other.example', JSON_ONLY), {}],
    ['a version that the merged view lacks', asking('/apis/example.com/v3', JSON_ONLY), {}],
    ['a version that is Stale', asking('/apis/example.com/v2', JSON_ONLY), {}],
    ['two slashes at the end', asking('/apis/example.com//', JSON_ONLY), {}],
    ['two slashes within', asking('/apis//example.com', JSON_ONLY), {}],
    ['a resource', asking('/apis/example.com/v1/widgets', JSON_ONLY), {}],
    ['OpenAPI', asking('/openapi/v3', JSON_ONLY), {}],
    ['the root of all', asking('/', JSON_ONLY), {}],
  ] as const) {
    test(name, () => assert.equal(formOf(request, overrides), undefined));
  }

  test('what is no document, though a strange name of a version makes it look like one', async () => {
    const strange = await publishDiscovery(discoveryOf({ 'example.com/v1': { widgets: ['get'] } }));
    const names = new Map([
      ['/apis/example.com/v1/widgets', strange['/apis'].unaggregated.get('/apis') ?? assert.fail()],
    ]);
    const request = new ProxySetting().prepare(new FakeExchange(asking('/apis/example.com/v1/widgets', JSON_ONLY)));
    assert.equal(mergedForm(request, { ...strange, '/apis': { ...strange['/apis'], unaggregated: names } }), undefined);
  });
});
