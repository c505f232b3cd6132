import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startEmbeddedControlPlane } from '../support/embedded-daemon.ts';
import { sendUnknown } from '../support/fake-api-server.ts';
import { aggregatedDiscovery, type FakeDiscovery } from '../support/fake-discovery.ts';
import { promptly } from './support/prompt-answer.ts';

/** Nothing but requests makes the proxy read. */
const READ_BY_REQUESTS = { flags: { 'discovery-interval-seconds': '3600', 'discovery-stale-after-seconds': '3601' } };

/** What 1.37.2 serves, and a custom resource. */
const withGizmos =
  (group: string): FakeDiscovery =>
  (path, accept) => {
    const document = aggregatedDiscovery('1.37.2')(path, accept);
    if (document === undefined || path !== '/apis') return document;
    const list = JSON.parse(document.body);
    const resource = {
      resource: 'gizmos',
      responseKind: { group, version: 'v1', kind: 'Gizmo' },
      scope: 'Cluster',
      singularResource: 'gizmo',
      verbs: ['get', 'list'],
    };
    const versions = [{ version: 'v1', resources: [resource], freshness: 'Current' }];
    list.items.push({ metadata: { name: group }, versions });
    return { ...document, body: JSON.stringify(list), etag: `"with-${group}"` };
  };

test('a type that a server has just begun to serve is never answered 404', async (t) => {
  const plane = await startEmbeddedControlPlane(t, READ_BY_REQUESTS);
  plane.old.handler = sendUnknown;
  const client = await plane.client();
  const answer = await promptly(async (round) => {
    const group = `just-created-${round}.example`;
    const path = `/apis/${group}/v1/gizmos`;
    assert.equal((await client.request({ path })).status, 404);
    plane.new.discovery = withGizmos(group);
    return client.request({ path });
  });
  assert.equal(answer.status, 200, answer.text);
  assert.equal(JSON.parse(answer.text).servedBy, 'new');
});

test('a flood of requests for what nobody serves does not become a flood of readings', async (t) => {
  const plane = await startEmbeddedControlPlane(t, READ_BY_REQUESTS);
  plane.old.handler = sendUnknown;
  const client = await plane.client();
  let readings = 0;
  plane.new.discovery = (path, accept) => {
    if (path === '/apis') readings += 1;
    return aggregatedDiscovery('1.37.2')(path, accept);
  };
  const startedAt = performance.now();
  for (let round = 0; round < 5; round++) {
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, i) => client.request({ path: `/apis/nobody-${round}-${i}.example/v1/things` })),
    );
    assert.ok(answers.every(({ status }) => status === 404));
  }
  // Besides one for each pause of 0.2 s, the very first begins at once.
  const most = 1 + Math.ceil((performance.now() - startedAt) / 200);
  assert.ok(readings >= 5 && readings <= most, `${readings} readings, at most ${most}`);
});
