import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { SHAPES } from '../real/support/shapes.ts';
import { type ApiClient, PROTOCOLS } from '../support/api-client.ts';
import { type EmbeddedControlPlane, startEmbeddedControlPlane } from '../support/embedded-daemon.ts';
import { send, sendJson, sendUnknown } from '../support/fake-api-server.ts';
import { aggregatedDiscovery, type FakeDiscovery } from '../support/fake-discovery.ts';
import { until } from './support/running-lab.ts';

const TYPE = { group: 'gauges.example', version: 'v1', resource: 'gauges' };
const GROUP_VERSION = `/apis/${TYPE.group}/${TYPE.version}`;
/** Nothing but requests makes the proxy read, so that it reads exactly when a test wants. */
const READ_BY_REQUESTS = { 'discovery-interval-seconds': '3600', 'discovery-stale-after-seconds': '3601' };

/**
 * What a server's aggregated discovery says of an extension server's group-version. kube-apiserver lists one whose
 * extension server it could not read as Stale, without resources if it never could.
 */
type Word = 'Current' | 'Stale' | 'Stale, empty' | 'nothing';

/** What clients of the proxy read: freshness in the aggregated forms, and whether its resource list is there. */
const CASES: readonly { readonly old: Word; readonly new: Word; readonly expected: 'Current' | 'Stale' }[] = [
  { old: 'Current', new: 'Current', expected: 'Current' },
  { old: 'Current', new: 'Stale', expected: 'Current' },
  { old: 'Stale', new: 'Current', expected: 'Current' },
  { old: 'Current', new: 'Stale, empty', expected: 'Current' },
  { old: 'Stale, empty', new: 'Current', expected: 'Current' },
  { old: 'nothing', new: 'Current', expected: 'Current' },
  { old: 'Stale', new: 'Stale', expected: 'Stale' },
  { old: 'Stale', new: 'Stale, empty', expected: 'Stale' },
  { old: 'Stale, empty', new: 'Stale, empty', expected: 'Stale' },
  { old: 'nothing', new: 'Stale, empty', expected: 'Stale' },
  { old: 'Stale, empty', new: 'nothing', expected: 'Stale' },
];

for (const { old, new: newer, expected } of CASES) {
  for (const protocol of PROTOCOLS) {
    test(`one server says ${old}, the newer one ${newer}: ${expected} in every shape (${protocol})`, async (t) => {
      const { plane, client } = await start(t, protocol);
      say(plane, old, newer);
      await untilSaid(client, EXPECTED[expected]);
      if (expected === 'Current') return;
      const gauges = await client.request({ path: `${GROUP_VERSION}/gauges` });
      assert.deepEqual([gauges.status, gauges.text], [503, 'service unavailable\n'], 'the server’s own answer');
    });
  }
}

test('a group whose extension server dies, comes back, dies for good and is taken away is denied only in the end', async (t) => {
  const { plane, client } = await start(t, 'h2');
  const both = async (word: Word, expected: Record<string, string>) => {
    say(plane, word, word);
    await untilSaid(client, expected);
  };
  await both('Current', EXPECTED.Current);
  await both('Stale', EXPECTED.Stale);
  await both('Current', EXPECTED.Current);
  await both('Stale, empty', EXPECTED.Stale);
  await both('nothing', Object.fromEntries(SHAPES.map(({ name }) => [name, 'absent'])));
});

/** By shape. A Stale list comes from a server, which has none to show. */
const EXPECTED = {
  Current: { v2: 'Current', v2beta1: 'Current', '/apis': 'listed', '/apis/G': 'listed', '/apis/G/V': 'listed' },
  Stale: { v2: 'Stale', v2beta1: 'Stale', '/apis': 'listed', '/apis/G': 'listed', '/apis/G/V': '503' },
};

async function start(
  t: TestContext,
  protocol: (typeof PROTOCOLS)[number],
): Promise<{ readonly plane: EmbeddedControlPlane; readonly client: ApiClient }> {
  const plane = await startEmbeddedControlPlane(t, { flags: READ_BY_REQUESTS });
  return { plane, client: await plane.client(protocol) };
}

function say(plane: EmbeddedControlPlane, old: Word, newer: Word): void {
  for (const [server, version, word] of [
    [plane.old, '1.34.4', old],
    [plane.new, '1.37.2', newer],
  ] as const) {
    server.discovery = saying(word, version);
    server.handler = (stream, { ':path': path }) => {
      if (word === 'nothing' || path?.startsWith(GROUP_VERSION) !== true) sendUnknown(stream);
      else if (word === 'Current') sendJson(stream, 200, { servedBy: server.name });
      else send(stream, 503, 'text/plain', 'service unavailable\n');
    };
  }
}

/**
 * A type that nobody lists is looked for in all servers' discovery before it is denied. The answer waits a second for that at
 * most, which a busy machine may need longer for.
 */
async function untilSaid(client: ApiClient, expected: Record<string, string>): Promise<void> {
  await until(
    async () => {
      assert.equal((await client.request({ path: '/apis/nobody.example/v1/things' })).status, 404);
      return said(client);
    },
    (words) => isDeepStrictEqual(words, expected),
  );
}

async function said(client: ApiClient): Promise<Record<string, string>> {
  const words: [string, string][] = [];
  for (const shape of SHAPES) {
    const { target, headers = [] } = shape.request(TYPE);
    const [, accept = ''] = headers;
    const { status, bytes } = await client.request({ path: target, headers: { accept } });
    words.push([shape.name, shape.read(TYPE, { status, headers: [], body: bytes })]);
  }
  return Object.fromEntries(words);
}

function saying(word: Word, version: '1.34.4' | '1.37.2'): FakeDiscovery {
  const recorded = aggregatedDiscovery(version);
  const group = groupSaying(word);
  if (group === undefined) return recorded;
  return (path, accept) => {
    const document = recorded(path, accept);
    if (path !== '/apis' || document === undefined || !accept.includes('APIGroupDiscoveryList')) return document;
    const list = JSON.parse(document.body);
    const body = JSON.stringify({ ...list, items: [...list.items, group] });
    return { ...document, body, etag: `"${createHash('sha256').update(body).digest('hex')}"` };
  };
}

function groupSaying(word: Word): object | undefined {
  if (word === 'nothing') return undefined;
  const { group, version, resource } = TYPE;
  const responseKind = { group, version, kind: 'Gauge' };
  const listed = { resource, responseKind, scope: 'Cluster', singularResource: 'gauge', verbs: ['get', 'list'] };
  const freshness = word === 'Current' ? 'Current' : 'Stale';
  const resources = word === 'Stale, empty' ? {} : { resources: [listed] };
  return { metadata: { name: group }, versions: [{ version, freshness, ...resources }] };
}
