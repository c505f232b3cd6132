import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { requestInfo } from '../../kubernetes/request-info.ts';
import type { ExchangeRecord } from '../exchange-record.ts';
import type { FinishedSpan } from './exchange-span.ts';
import { spanContent } from './span-content.ts';

function span(
  method: string,
  target: string,
  record: Partial<ExchangeRecord> = {},
  more: Partial<FinishedSpan> = {},
): FinishedSpan {
  return {
    traceId: 'a'.repeat(32),
    spanId: 'b'.repeat(16),
    parentId: undefined,
    protocol: 'h2',
    clientAddress: '192.0.2.1',
    retries: [],
    droppedRetries: 0,
    startedAt: 1_000,
    headAt: 1_004,
    endedAt: 1_009,
    ending: 'complete',
    ...more,
    record: {
      at: 1_004,
      method,
      client: 'kubectl',
      info: requestInfo(method, target),
      targetLength: target.length,
      decision: { kind: 'forward', server: 0, reason: 'PeerServesResource', final: true },
      server: 'new',
      status: 200,
      error: undefined,
      attempts: 1,
      unknownType: undefined,
      milliseconds: 4,
      traceId: 'a'.repeat(32),
      auditId: '',
      ...record,
    },
  };
}

const content = (...args: Parameters<typeof span>) => spanContent(span(...args));
const pathOf = (target: string) => content('GET', target).attributes['url.path'];

test('a span says what was asked, who answered and why', () => {
  const { name, attributes, events, isError } = content('PUT', '/apis/apps/v1/namespaces/a/deployments/web/scale');
  assert.equal(name, 'PUT /apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale');
  assert.equal(isError, false);
  assert.deepEqual(attributes, {
    'http.request.method': 'PUT',
    'http.route': '/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale',
    'url.scheme': 'https',
    'url.path': '/apis/apps/v1/namespaces/a/deployments/web/scale',
    'http.response.status_code': 200,
    'network.protocol.name': 'http',
    'network.protocol.version': '2',
    'client.address': '192.0.2.1',
    'mvproxy.decision': 'forward',
    'mvproxy.reason': 'PeerServesResource',
    'mvproxy.server': 'new',
    'mvproxy.attempts': 1,
    'mvproxy.retries': 0,
    'mvproxy.client': 'kubectl',
    'mvproxy.response.ending': 'complete',
    'mvproxy.k8s.group': 'apps',
    'mvproxy.k8s.version': 'v1',
    'mvproxy.k8s.resource': 'deployments',
    'mvproxy.k8s.subresource': 'scale',
    'mvproxy.k8s.verb': 'update',
    'k8s.namespace.name': 'a',
  });
  assert.deepEqual(events, [{ name: 'mvproxy.response_head', at: 1_004, attributes: {} }]);
});

test('retries are events that name what happened at which server', () => {
  const retries = [{ at: 1_002, cause: 'unknown-resource', server: 'old' }];
  const unknownType = { denying: ['old'], awaited: false, outcome: 'retried' } as const;
  const { attributes, events } = content('GET', '/api/v1/pods', { attempts: 2, unknownType }, { retries });
  assert.deepEqual(events[0], {
    name: 'mvproxy.retry',
    at: 1_002,
    attributes: { 'mvproxy.retry.cause': 'unknown-resource', 'mvproxy.server': 'old' },
  });
  assert.equal(attributes['mvproxy.retries'], 1);
  assert.equal(attributes['mvproxy.unknown_type.outcome'], 'retried');
  assert.deepEqual(attributes['mvproxy.unknown_type.denying'], ['old']);
});

describe('an answer', () => {
  const error = (record: Partial<ExchangeRecord>, more: Partial<FinishedSpan> = {}) => {
    const { isError, attributes } = content('GET', '/api/v1/pods', record, more);
    return [isError, attributes['error.type'], attributes['mvproxy.decision'], attributes['mvproxy.reason']];
  };

  test('of ours is an error with its code, or the merged view', () => {
    const refused = { decision: undefined, server: undefined, status: 401, error: 'MVP_X', attempts: 0 };
    assert.deepEqual(error(refused), [false, undefined, 'refused', 'Refused']);
    const decision = { kind: 'unavailable', reason: 'CapableServersNotReady', servers: [0] } as const;
    assert.deepEqual(error({ decision, status: 503, error: 'MVP_Y' }), [
      true,
      'MVP_Y',
      'unavailable',
      'CapableServersNotReady',
    ]);
    assert.deepEqual(error({ decision: undefined }), [false, undefined, 'merged', 'MergedDiscovery']);
  });

  test('of a server is an error from 500 on, or when it breaks off', () => {
    assert.deepEqual(error({ status: 404 }).slice(0, 2), [false, undefined]);
    assert.deepEqual(error({ status: 504 }).slice(0, 2), [true, '504']);
    assert.deepEqual(error({}, { ending: 'broken' }).slice(0, 2), [true, 'response_broken']);
    assert.deepEqual(error({ status: 0 }, { ending: 'client-left' }).slice(0, 2), [false, undefined]);
  });
});

describe('a span never says', () => {
  const everything = (target: string) => JSON.stringify(content('GET', target));

  test('what a Secret is called', () => {
    const hidden = 'tls-of-the-bank';
    for (const target of [
      `/api/v1/namespaces/a/secrets/${hidden}`,
      `/api/v1/watch/namespaces/a/secrets/${hidden}`,
      `/api/v1/namespaces/a/secrets?fieldSelector=metadata.name%3D${hidden}`,
      `/api/v1/secrets?watch=true&fieldSelector=metadata.name=${hidden}`,
      `/api/v1/namespaces/a//secrets/${hidden}`,
      `/api/v1//namespaces/a/secrets/${hidden}`,
    ]) {
      assert.ok(!everything(target).includes(hidden), target);
    }
    assert.equal(pathOf(`/api/v1/namespaces/a/secrets/${hidden}`), '/api/v1/namespaces/a/secrets/{name}');
    assert.equal(pathOf('/api/v1/namespaces/a/configmaps/web'), '/api/v1/namespaces/a/configmaps/web');
  });

  test('a query string, or what stands behind a proxied path', () => {
    assert.ok(!everything('/api/v1/namespaces/a/pods/b/exec?command=SECRET').includes('SECRET'));
    const proxied = '/api/v1/namespaces/a/services/b/proxy/login/SECRET?token=SECRET';
    assert.ok(!everything(proxied).includes('SECRET'));
    assert.equal(pathOf(proxied), '/api/v1/namespaces/a/services/b/proxy');
    assert.ok(!everything('/api/v1/proxy/namespaces/a/services/b/SECRET').includes('SECRET'));
  });

  test('a path that Kubernetes does not have', () => {
    assert.ok(!everything('/login/SECRET').includes('SECRET'));
    assert.equal(pathOf('/apis/apps/v1'), '/apis/apps/v1');
    assert.equal(pathOf('/openapi/v3/apis/apps/v1?hash=SECRET'), '/openapi/v3/apis/apps/v1');
  });

  test('a method that a client made up', () => {
    const { name, attributes } = content('SECRET', '/api/v1/pods');
    assert.equal(name, 'HTTP /api/v1/pods');
    assert.equal(attributes['http.request.method'], '_OTHER');
  });
});

test('whoever asks for what nobody has makes no new names of spans', () => {
  const nobody = { kind: 'forward', server: 0, reason: 'NobodyCapable', final: true } as const;
  const names = (decision: ExchangeRecord['decision']) =>
    new Set(
      Array.from({ length: 9 }, (_, i) => {
        const target = `/apis/group-${i}/v${i}/namespaces/n${i}/kinds-${i}/x${i}/sub-${i}`;
        return content('GET', target, { decision }).name;
      }),
    );
  const route = 'GET /apis/{group}/{version}/namespaces/{namespace}/{resource}/{name}/{subresource}';
  for (const decision of [
    nobody,
    { ...nobody, reason: 'StaleGroupVersion' },
    { kind: 'unavailable', reason: 'CapableServersNotReady', servers: [0], maybe: true },
    undefined,
  ] as const) {
    assert.deepEqual([...names(decision)], [route]);
  }
  assert.equal(names({ ...nobody, reason: 'AlreadyProxied' }).size, 9, 'what a peer sends is listed');
  assert.equal(content('GET', '/api/v9/kinds', { decision: nobody }).name, 'GET /api/{version}/{resource}');
  const awaited = { denying: [], awaited: true, outcome: 'retried' } as const;
  assert.equal(
    content('GET', '/apis/new.io/v1/things', { decision: nobody, unknownType: awaited }).name,
    'GET /apis/new.io/v1/things',
  );
});

test('a list of one object by its name has the route of a list', () => {
  assert.equal(pathOf('/api/v1/namespaces/a/pods?fieldSelector=metadata.name=b'), '/api/v1/namespaces/a/pods');
  assert.equal(pathOf('/api/v1/namespaces/a'), '/api/v1/namespaces/a');
  assert.equal(pathOf('/api/v1/namespaces/a/status'), '/api/v1/namespaces/a/status');
});
