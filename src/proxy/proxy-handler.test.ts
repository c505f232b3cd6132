import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { certify, holder } from '../../test/support/certificate-shapes.ts';
import { answerField, FakeConnection, FakeExchange, type FakeRequest } from '../../test/support/fake-exchange.ts';
import { ProxySetting, type ProxySettingOptions, settled } from '../../test/support/proxy-setting.ts';
import { publishDiscovery } from '../discovery/published-discovery.ts';
import { discoveryOf } from '../discovery/testing/discovery-of.ts';
import type { CertificateTrust } from '../identity/client-certificate.ts';
import { fieldValue, fieldValues } from '../wire/fields.ts';
import { createProxyHandler } from './proxy-handler.ts';

const V2 = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

const [clientCa, proxyCa] = await Promise.all([holder('client CA'), holder('front proxy CA')]);
const TRUST: CertificateTrust = {
  clientCa: [await certify(clientCa, clientCa, { ca: true })],
  requestHeaderCa: [await certify(proxyCa, proxyCa, { ca: true })],
  allowedNames: [],
};
const [alice, frontProxy] = await Promise.all([
  certify(await holder([{ O: ['dev'] }, { CN: ['alice'] }]), clientCa),
  certify(await holder('front-proxy'), proxyCa),
]);

function connectionWith(certificate: { readonly raw: Uint8Array }, authorized = true): FakeConnection {
  const error = authorized ? undefined : 'CERT_HAS_EXPIRED';
  return new FakeConnection({ certificate: { kind: 'presented', chain: [certificate.raw], authorized, error } });
}

function setUp(options: ProxySettingOptions = {}) {
  const setting = new ProxySetting({ trust: TRUST, ...options });
  const handler = createProxyHandler(setting.context);
  const handle = (request: FakeRequest = {}): FakeExchange => {
    const exchange = new FakeExchange(request);
    handler(exchange);
    return exchange;
  };
  /** What reached any server, whatever the trust class. */
  const arrived = (trustClass: 'own' | 'unproven' | 'anonymous' | 'asserted') =>
    setting.backends.flatMap((backend) => backend[trustClass]?.requests ?? []);
  return { setting, handle, arrived };
}

const reasonOf = (exchange: FakeExchange) => JSON.parse(exchange.answer.body.text);

describe('a request', () => {
  test('without credentials goes anonymously, without what its sender claims', () => {
    const { handle, arrived } = setUp();
    handle({ fields: ['x-remote-user', 'admin', 'x-remote-group', 'system:masters', 'accept', '*/*'] });
    const [request, ...others] = arrived('anonymous');
    assert.deepEqual(others, []);
    const { fields } = request?.head ?? { fields: [] };
    assert.ok(!fields.some((name) => name.startsWith('x-remote-')));
    assert.equal(fieldValue(fields, 'accept'), '*/*');
  });

  test('with a token travels with it, and among the proven ones once it works', async () => {
    const { handle, arrived } = setUp();
    const connection = new FakeConnection();
    const fields = ['authorization', 'Bearer token'];
    handle({ connection, fields });
    arrived('unproven')[0]?.respond(200, [], 'ok');
    handle({ connection, fields });
    assert.equal(fieldValue(arrived('own')[0]?.head.fields ?? [], 'authorization'), 'Bearer token');
    handle({ connection: new FakeConnection(), fields });
    assert.deepEqual([arrived('own').length, arrived('unproven').length], [1, 2]);
  });

  test('with a client certificate travels as its user, whatever its headers claim', () => {
    const { handle, arrived } = setUp();
    handle({ connection: connectionWith(alice), fields: ['x-remote-user', 'admin', 'authorization', 'Bearer x'] });
    const { fields } = arrived('asserted')[0]?.head ?? { fields: [] };
    assert.deepEqual(fieldValues(fields, 'x-remote-user'), ['alice']);
    assert.deepEqual(fieldValues(fields, 'x-remote-group'), ['dev']);
    assert.deepEqual(fieldValues(fields, 'authorization'), []);
  });

  test('of a front proxy travels as the user it asserts', () => {
    const { handle, arrived } = setUp();
    const fields = ['x-remote-user', 'bob', 'x-forwarded-for', '198.51.100.7'];
    handle({ connection: connectionWith(frontProxy), fields });
    const sent = arrived('asserted')[0]?.head.fields ?? [];
    assert.deepEqual(fieldValues(sent, 'x-remote-user'), ['bob']);
    assert.deepEqual(fieldValues(sent, 'x-forwarded-for'), ['198.51.100.7, 192.0.2.1']);
  });

  test('that a front proxy routed here already is not routed again', () => {
    const servers = [
      { minor: 37, serves: { 'example.com/v1': { widgets: ['get'] } } },
      { minor: 36, serves: { v1: { pods: ['get'] } } },
    ];
    const { setting, handle } = setUp({ servers, snapshot: { local: 1 } });
    const fields = ['x-remote-user', 'bob', 'x-kubernetes-peer-proxied', 'true'];
    const target = '/apis/example.com/v1/widgets/x';
    handle({ connection: connectionWith(frontProxy), fields, target });
    assert.equal(setting.server(1).asserted?.requests.length, 1);
    handle({ connection: connectionWith(alice), fields, target });
    assert.equal(setting.server(0).asserted?.requests.length, 1, 'a client cannot say so');
  });

  test('of one connection keeps its server', () => {
    const { setting, handle } = setUp();
    const connection = new FakeConnection();
    for (let i = 0; i < 10; i++) handle({ connection });
    assert.equal(new Set(setting.asked).size, 1);
    assert.equal(setting.asked.length, 10);
  });
});

describe('a request is refused before any server is asked', () => {
  for (const [name, request, status, code] of [
    [
      'Connection that names an identity header',
      { fields: ['connection', 'x-remote-user'] },
      400,
      'MVP_IDENTITY_HEADER_IN_CONNECTION',
    ],
    ['a rejected certificate', { connection: connectionWith(alice, false) }, 401, 'MVP_CLIENT_CERTIFICATE'],
    ['a bad path', { target: '/api/v1/%zz' }, 400, 'MVP_BAD_TARGET'],
    ['a watch of nothing', { target: '/api/v1/watch' }, 500, 'MVP_REQUEST_INFO'],
  ] as const) {
    test(`for ${name}: ${status}`, () => {
      const { setting, handle, arrived } = setUp();
      const exchange = handle(request);
      assert.equal(exchange.answer.head.status, status);
      if (status !== 401 && code !== 'MVP_IDENTITY_HEADER_IN_CONNECTION') {
        assert.equal(answerField(exchange.answer, 'content-type'), 'text/plain; charset=utf-8');
      } else assert.equal(reasonOf(exchange).kind, 'Status');
      const classes = ['own', 'unproven', 'anonymous', 'asserted'] as const;
      assert.deepEqual(classes.flatMap(arrived), []);
      assert.deepEqual(
        setting.observer.records.map((record) => [record.status, record.error]),
        [[status, code]],
      );
      assert.deepEqual(setting.observer.defects, []);
    });
  }

  test('in the words of kube-apiserver where it makes no RequestInfo of the target, whoever asks', () => {
    const { handle } = setUp();
    const { answer } = handle({ target: '/api/v1/watch?a=<b>&c', connection: connectionWith(alice, false) });
    assert.equal(answer.head.status, 500);
    assert.equal(
      answer.body.text,
      'Internal Server Error: "/api/v1/watch?a=&lt;b&gt;&amp;c": failed to create RequestInfo: ' +
        'unable to determine kind and namespace from url, /api/v1/watch?a=&lt;b&gt;&amp;c\n',
    );
    assert.equal(answerField(answer, 'content-length'), String(answer.body.text.length));
  });

  test('a rejected certificate beside a token is no obstacle', () => {
    const { handle, arrived } = setUp();
    handle({ connection: connectionWith(alice, false), fields: ['authorization', 'Bearer token'] });
    assert.equal(arrived('unproven').length, 1);
  });
});

describe('nobody is known to serve the resource', () => {
  const unknown = { target: '/apis/example.com/v1/widgets/x' };

  test('by fresh tables: the preferred server answers at once', () => {
    const { setting, handle, arrived } = setUp();
    handle(unknown);
    assert.equal(setting.control.refreshes, 0);
    assert.equal(fieldValue(arrived('anonymous')[0]?.head.fields ?? [], 'x-kubernetes-peer-proxied'), undefined);
  });

  test('by old tables: they are read again, and the decision is made once more', async () => {
    const { setting, handle } = setUp();
    const servers = [
      { minor: 37, serves: { v1: { pods: ['get'] } } },
      { minor: 37, serves: { 'example.com/v1': { widgets: ['get'] } } },
    ];
    const fresh = new ProxySetting({ servers }).control.snapshot;
    setting.control.onRefresh = async () => {
      await settled();
      setting.swap({ table: fresh.table, groups: fresh.groups });
    };
    setting.now += 1_001;
    const exchange = handle(unknown);
    assert.deepEqual([setting.asked, exchange.answers.length], [[], 0]);
    await settled();
    await settled();
    assert.deepEqual([setting.control.refreshes, setting.asked], [1, ['server-1']]);
  });

  test('and a client that leaves meanwhile causes no request, but is counted', async () => {
    const { setting, handle } = setUp();
    setting.control.onRefresh = settled;
    setting.now += 1_001;
    handle(unknown).abort();
    await settled();
    await settled();
    assert.deepEqual(setting.asked, []);
    assert.deepEqual(
      setting.observer.records.map(({ status, decision, server }) => [status, decision?.reason, server]),
      [[0, 'NobodyCapable', undefined]],
    );
  });

  test("even after that: once, and the server's answer is the client's", async () => {
    const { setting, handle, arrived } = setUp();
    setting.now += 1_001;
    const exchange = handle(unknown);
    await settled();
    arrived('anonymous')[0]?.respond(404, [], '404 page not found');
    assert.equal(exchange.answer.head.status, 404);
    assert.equal(setting.control.refreshes, 1);
  });
});

describe('discovery', () => {
  test('comes from the merged view, and everything else from a server', async () => {
    const published = await publishDiscovery(discoveryOf({ 'example.com/v1': { widgets: ['get'] } }));
    const { handle, arrived } = setUp({ snapshot: { published } });
    const connection = new FakeConnection();
    const exchange = handle({ connection, target: '/apis', fields: ['accept', V2] });
    arrived('anonymous')[0]?.respond(304);
    assert.equal(answerField(exchange.answer, 'etag'), published['/apis'].v2.etag);
    const protobuf = handle({ connection, target: '/apis', fields: ['accept', 'application/vnd.kubernetes.protobuf'] });
    arrived('anonymous')[1]?.respond(200, [], 'its own');
    await settled();
    assert.equal(protobuf.answer.body.text, 'its own');
  });
});

describe('a request to switch protocols', () => {
  const exec = { method: 'POST', target: '/api/v1/namespaces/a/pods/x/exec', upgrade: 'SPDY/3.1' };

  test('goes over a socket of its own', () => {
    const { setting, handle, arrived } = setUp();
    handle(exec);
    assert.equal(setting.backends.flatMap(({ anonymous }) => anonymous.upgrades).length, 1);
    assert.deepEqual(arrived('anonymous'), []);
  });

  test('waits for fresh tables when nobody is known to serve its resource, as any other does', async () => {
    const { setting, handle } = setUp();
    const servers = [
      { minor: 37, serves: { v1: { pods: ['get'] } } },
      { minor: 37, serves: { 'example.com/v1': { widgets: ['watch'] } } },
    ];
    const fresh = new ProxySetting({ servers }).control.snapshot;
    setting.control.onRefresh = async () => setting.swap({ table: fresh.table, groups: fresh.groups });
    setting.now += 1_001;
    handle({ target: '/apis/example.com/v1/widgets?watch=1', upgrade: 'websocket' });
    await settled();
    assert.deepEqual([setting.control.refreshes, setting.server(1).anonymous.upgrades.length], [1, 1]);
    handle({ target: '/apis/example.com/v1/gadgets?watch=1', upgrade: 'websocket' }).abort();
    await settled();
    assert.equal(setting.backends.flatMap(({ anonymous }) => anonymous.upgrades).length, 1, 'who left is not carried');
    assert.deepEqual(
      setting.observer.records.map(({ status, decision }) => [status, decision?.reason]),
      [[0, 'NobodyCapable']],
    );
  });

  test('that fails is answered as a Status', async () => {
    const { setting, handle } = setUp({ servers: [{ minor: 37, serves: { v1: {} }, ready: false }] });
    const exchange = handle(exec);
    await settled();
    assert.equal(exchange.answer.head.status, 503);
    assert.equal(setting.observer.records.length, 1);
  });
});

test('a defect is 500, told to the observer and not to the client', () => {
  const { setting } = setUp();
  const failing = { ...setting.context, trust: () => assert.fail('a secret') };
  const exchange = new FakeExchange();
  createProxyHandler(failing)(exchange);
  assert.equal(exchange.answer.head.status, 500);
  assert.doesNotMatch(exchange.answer.body.text, /secret/);
  assert.equal(setting.observer.defects.length, 1);
});
