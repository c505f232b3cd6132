import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { ProxyStatus } from '../../src/admin/status.ts';
import { H1Client } from '../support/api-client.ts';
import { type EmbeddedControlPlane, startEmbeddedControlPlane } from '../support/embedded-daemon.ts';
import type { FakeDiscovery } from '../support/fake-discovery.ts';

const V2 = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const GROUP = 'disputed.example';
const FLAGS = { 'discovery-interval-seconds': '0.05' };

interface Said {
  readonly scope: string;
  readonly kind: string;
  readonly verbs: readonly string[];
}

/** `discovery` with widgets described in that way. */
function saying(discovery: FakeDiscovery, { scope, kind, verbs }: Said): FakeDiscovery {
  const responseKind = { group: GROUP, version: 'v1', kind };
  const status = { subresource: 'status', responseKind, verbs: ['get'] };
  const resource = { resource: 'widgets', responseKind, scope, singularResource: '', verbs, subresources: [status] };
  const group = {
    metadata: { name: GROUP },
    versions: [{ version: 'v1', resources: [resource], freshness: 'Current' }],
  };
  return (path, accept) => {
    const document = discovery(path, accept);
    if (document === undefined || path !== '/apis' || !accept.includes('v=v2;')) return document;
    const list = JSON.parse(document.body);
    const body = JSON.stringify({ ...list, items: [...list.items, group] });
    return { ...document, body, etag: `"${createHash('sha256').update(body).digest('hex')}"` };
  };
}

test('contradictions about scope and kind are decided for the newest server, and reported until they are over', async (t) => {
  const plane = await startEmbeddedControlPlane(t, { flags: FLAGS });
  const { old, new: newer } = plane;
  const [oldDiscovery, newDiscovery] = [old.discovery, newer.discovery];
  const agreed = { scope: 'Namespaced', kind: 'Widget', verbs: ['get', 'list'] };
  newer.discovery = saying(newDiscovery, agreed);
  old.discovery = saying(oldDiscovery, { scope: 'Cluster', kind: 'OldWidget', verbs: ['watch', 'get'] });
  const conflicts = await until(plane, ({ length }) => length === 3);
  const at = { group: GROUP, version: 'v1', resource: 'widgets' };
  const saidOf = (newest: string, oldest: string) => [
    { server: 'new', value: newest },
    { server: 'old', value: oldest },
  ];
  const kinds = saidOf(`${GROUP}/v1 Widget`, `${GROUP}/v1 OldWidget`);
  assert.deepEqual(conflicts, [
    { ...at, subresource: '', field: 'scope', values: saidOf('Namespaced', 'Cluster') },
    { ...at, subresource: '', field: 'responseKind', values: kinds },
    { ...at, subresource: 'status', field: 'responseKind', values: kinds },
  ]);
  assert.equal(await plane.metric('mvproxy_discovery_conflicts'), 3);

  const client = await plane.client();
  const { text } = await client.request({ path: '/apis', headers: { accept: V2 } });
  const { items } = JSON.parse(text);
  const group = items.find(({ metadata }: { metadata: { name: string } }) => metadata.name === GROUP);
  const [widgets] = group.versions[0].resources;
  assert.deepEqual(
    [widgets.scope, widgets.responseKind.kind, widgets.verbs],
    ['Namespaced', 'Widget', ['get', 'list', 'watch']],
  );
  const list = await client.request({ path: `/apis/${GROUP}/v1`, headers: { accept: 'application/json' } });
  assert.deepEqual(
    JSON.parse(list.text).resources.map(({ name, namespaced, kind }: Record<string, unknown>) => [
      name,
      namespaced,
      kind,
    ]),
    [
      ['widgets', true, 'Widget'],
      ['widgets/status', true, 'Widget'],
    ],
    'the same in unaggregated shape',
  );

  old.discovery = saying(oldDiscovery, agreed);
  await until(plane, ({ length }) => length === 0);
  assert.equal(await plane.metric('mvproxy_discovery_conflicts'), 0);
});

/** The conflicts of `/status` once `accept` takes them. */
async function until(
  { daemon }: EmbeddedControlPlane,
  accept: (conflicts: ProxyStatus['conflicts']) => boolean,
): Promise<ProxyStatus['conflicts']> {
  const admin = new H1Client(daemon.adminAddress ?? '', { ca: '' });
  for (;;) {
    const { conflicts }: ProxyStatus = JSON.parse((await admin.request({ path: '/status' })).text);
    if (accept(conflicts)) {
      admin.close();
      return conflicts;
    }
    await delay(20);
  }
}
