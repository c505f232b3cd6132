import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { startListener, testPki } from '../../../test/support/loopback.ts';
import type { BodySink } from '../../wire/exchange.ts';
import { NO_FIELDS } from '../../wire/fields.ts';
import { ClientError, isNotFound } from './client-error.ts';
import type { ClientRecord } from './client-record.ts';
import { LabClient, type WatchEnd } from './lab-client.ts';
import { type ScriptedReply, type ScriptedRequest, scriptedApi } from './testing/scripted-api.ts';

async function start(t: TestContext, reply: (request: ScriptedRequest) => ScriptedReply) {
  const { handler, requests } = scriptedApi(reply);
  const { port } = await startListener(t, { handler });
  const { ca } = await testPki();
  const records: ClientRecord[] = [];
  const client = new LabClient({
    name: 'tester',
    url: `https://127.0.0.1:${port}`,
    ca: ca.cert,
    token: 'secret',
    userAgent: 'tester/v1',
    timeoutMs: 10_000,
    onRecord: (record) => records.push(record),
  });
  t.after(() => client.close());
  return { client, requests, records };
}

const page = (names: readonly string[], metadata: object): ScriptedReply => ({
  status: 200,
  json: { kind: 'List', metadata, items: names.map((name) => ({ metadata: { name } })) },
});

test('a request carries the credential, and every try is recorded', async (t) => {
  const replies: ScriptedReply[] = [
    { status: 503, json: {}, headers: ['retry-after', '0'] },
    { status: 429, json: {}, headers: ['retry-after', '0'] },
    { status: 201, json: { kind: 'ConfigMap', metadata: { name: 'a' } } },
  ];
  const { client, requests, records } = await start(t, () => replies.shift() ?? { status: 500 });
  const target = '/api/v1/namespaces/default/configmaps';
  const made = await client.object('POST', target, { body: { metadata: { name: 'a' } } });
  assert.equal(made.metadata.name, 'a');
  assert.deepEqual(
    requests.map(({ body }) => body),
    Array.from({ length: 3 }, () => ({ metadata: { name: 'a' } })),
  );
  assert.ok(requests[0]?.fields.includes('Bearer secret'));
  assert.deepEqual(
    records.map(({ status, repeated, verb, client: name }) => [status, repeated, verb, name]),
    [
      [503, true, 'create', 'tester'],
      [429, true, 'create', 'tester'],
      [201, false, 'create', 'tester'],
    ],
  );
});

test('an answer with Retry-After is repeated ten times, then it is the answer', async (t) => {
  const { client, requests, records } = await start(t, () => ({
    status: 503,
    json: { kind: 'Status', status: 'Failure', reason: 'ServiceUnavailable', message: 'later', code: 503 },
    headers: ['retry-after', '0'],
  }));
  await assert.rejects(client.json('GET', '/api'), { name: 'ClientError', reason: 'ServiceUnavailable', status: 503 });
  assert.equal(requests.length, 11);
  assert.deepEqual(
    records.filter(({ repeated }) => !repeated).map(({ message }) => message),
    ['later'],
  );
});

test('a write that broke off is not repeated', async (t) => {
  const { client, requests, records } = await start(t, () => 'lose-connection');
  await assert.rejects(client.json('PUT', '/api/v1/nodes/a', { body: {} }), (error) => {
    return error instanceof ClientError && error.status === undefined && error.failure?.processed === 'unknown';
  });
  assert.equal(requests.length, 1);
  assert.equal(records[0]?.status, undefined);
});

test('both 404s of an unknown type are NotFound to the caller, as in client-go, and marked in the record', async (t) => {
  const replies: ScriptedReply[] = [
    { status: 404, text: '404 page not found\n' },
    {
      status: 404,
      json: {
        kind: 'Status',
        status: 'Failure',
        message: 'the server could not find the requested resource',
        reason: 'NotFound',
        details: {},
        code: 404,
      },
    },
    {
      status: 404,
      json: { kind: 'Status', status: 'Failure', reason: 'NotFound', details: { name: 'a', kind: 'x' }, code: 404 },
    },
  ];
  const { client, records } = await start(t, () => replies.shift() ?? { status: 500 });
  for (let i = 0; i < 3; i += 1) await assert.rejects(client.json('GET', '/apis/a/v1/xs/a'), isNotFound);
  assert.deepEqual(
    records.map(({ unknownResource }) => unknownResource),
    [true, true, false],
  );
});

test('a list is read page by page, and whole when its continue token has expired', async (t) => {
  let expired = false;
  const { client, requests } = await start(t, ({ query }) => {
    if (query.get('limit') === null) return page(['a', 'b', 'c'], { resourceVersion: '9' });
    if (query.get('continue') === null) return page(['a'], { resourceVersion: '7', continue: 'more' });
    if (expired) return { status: 410, json: { kind: 'Status', status: 'Failure', reason: 'Expired', code: 410 } };
    return page(['b'], { resourceVersion: '7' });
  });
  const names = async () => {
    const { items, resourceVersion } = await client.list('/api/v1/nodes', { resourceVersion: '0' }, { limit: 1 });
    return [resourceVersion, ...items.map(({ metadata }) => metadata.name)];
  };
  assert.deepEqual(await names(), ['7', 'a', 'b']);
  assert.equal(requests[1]?.query.get('resourceVersion'), null, 'a page has no resourceVersion beside its token');
  expired = true;
  assert.deepEqual(await names(), ['9', 'a', 'b', 'c']);
});

test('a watch hands over events however they are cut, and tells a clean end from a broken one', async (t) => {
  let sink: BodySink | undefined;
  const { client } = await start(t, ({ query }) =>
    query.has('refuse')
      ? { status: 410, json: { kind: 'Status', status: 'Failure', reason: 'Expired', code: 410 } }
      : {
          stream: (opened) => {
            sink = opened;
            opened.write(Buffer.from('{"type":"ADDED","object":{"metadata":{"name":"ä'));
            opened.write(Buffer.from('"}}}\n{"type":"BOOKMARK","object":{"metadata":{}}}\n'));
          },
        },
  );
  const watch = (target: string, until: number) =>
    new Promise<(string | WatchEnd)[]>((resolve) => {
      const seen: (string | WatchEnd)[] = [];
      client.watch(target, {
        event: ({ type, object }) => {
          seen.push(`${type} ${object.metadata.name}`);
          if (seen.length === until) end();
        },
        end: (how) => resolve([...seen, how]),
      });
    });
  let end = () => sink?.end(NO_FIELDS);
  assert.deepEqual(await watch('/api/v1/nodes?watch=true', 2), ['ADDED ä', 'BOOKMARK undefined', { kind: 'ended' }]);
  end = () => sink?.reset('internal');
  const broken = await watch('/api/v1/nodes?watch=true', 2);
  assert.deepEqual(broken.at(-1), { kind: 'broken', reason: 'internal' });
  end = () => {
    sink?.write(Buffer.from('{no json\n'));
  };
  const malformed = (await watch('/api/v1/nodes?watch=true', 2)).at(-1);
  assert.equal(typeof malformed === 'object' && malformed.kind, 'malformed');
  const [refused] = await watch('/api/v1/nodes?watch=true&refuse', 1);
  assert.ok(typeof refused === 'object' && refused.kind === 'refused' && refused.error.reason === 'Expired');
});
