import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { loadConfiguration } from '../../src/config/load.ts';
import { startDaemon } from '../../src/daemon/daemon.ts';
import type { DiscoveryConflict } from '../../src/discovery/conflict.ts';
import { type MergedDiscovery, type MergeInput, mergeDiscovery } from '../../src/discovery/merge.ts';
import { type PublishedDiscovery, publishDiscovery } from '../../src/discovery/published-discovery.ts';
import type { ServerDiscovery } from '../../src/discovery/server-discovery.ts';
import { discoveries } from '../../src/discovery/testing/discovery-arbitrary.ts';
import { parseServerVersion } from '../../src/kubernetes/kube-version.ts';
import { type ApiClient, connectClient } from '../support/api-client.ts';
import { type EmbeddedControlPlane, serveFlags, startEmbeddedControlPlane } from '../support/embedded-daemon.ts';
import { aggregatedDiscovery } from '../support/fake-discovery.ts';
import { playRegistry } from '../support/played-registry.ts';
import { PlayedServer } from '../support/played-server.ts';

const NAMES = ['a', 'b', 'c'] as const;
type Health = PlayedServer['health'];

/** What a server is from some moment on. */
interface Change {
  readonly server: number;
  readonly health: Health;
  readonly discovery: ServerDiscovery;
  readonly milliseconds: number;
}

interface End {
  readonly gitVersion: string | undefined;
  readonly discovery: ServerDiscovery;
  readonly health: Health;
}

const health = fc.constantFrom<Health>(200, 500, 'silent', 'refusing');
const change: fc.Arbitrary<Change> = fc.record({
  server: fc.nat({ max: NAMES.length - 1 }),
  health,
  discovery: discoveries,
  milliseconds: fc.nat({ max: 4_000 }),
});
const history = fc.array(change, { minLength: 2, maxLength: 8 });
/** Of a Stale version without resources a proxy keeps what it knew, which is another matter for one that began later. */
const lasting = discoveries.filter(({ api, apis }) =>
  [...api, ...apis].every(({ versions = [] }) =>
    versions.every(({ freshness, resources = [] }) => freshness !== 'Stale' || resources.length > 0),
  ),
);
const end: fc.Arbitrary<readonly End[]> = fc.tuple(
  ...NAMES.map(() =>
    fc.record({
      gitVersion: fc.constantFrom('v1.37.2', 'v1.37.1', 'v1.34.4', undefined),
      discovery: lasting,
      health,
    }),
  ),
);

/** The longest pause between two readings, and one more. */
const READ_MS = 8_000;
/** What servers had before they restarted is known to those who saw it for so long; shorter than `STALE_MS`. */
const GRACE_MS = 5_000;
/** What is not confirmed has become Stale. */
const STALE_MS = 12_000;

describe('replicas with servers of any history publish the same bytes', () => {
  const runs = fc.sample(fc.tuple(history, history, end), { numRuns: 24, seed: 20_261_123 });
  for (const [i, [one, other, last]] of runs.entries()) {
    test(`history ${i}: ${one.length} and ${other.length} changes, then ${last.map((server) => server.health).join()}`, async (t) => {
      const replicas = [0, 1, 2].map((replica) =>
        NAMES.map((name) => new PlayedServer(name, 'v1.36.0', EMPTY, { host: `${name}-${replica}.example` })),
      );
      const { create, pass } = playRegistry(t, replicas.flat(), { graceMs: GRACE_MS });
      const [first = [], second = [], third = []] = replicas;
      const specs = (servers: readonly PlayedServer[]) => servers.map(({ spec }) => spec);

      const lived = create(undefined, specs(first));
      const backwards = create(undefined, specs(second).reverse());
      lived.start();
      backwards.start();
      for (let step = 0; step < Math.max(one.length, other.length); step++) {
        const [ours, theirs] = [one[step], other[step]];
        if (ours !== undefined) apply(first[ours.server], ours);
        if (theirs !== undefined) apply(second[theirs.server], theirs);
        await pass((ours ?? theirs)?.milliseconds ?? 0);
      }
      // A configuration is read anew.
      const reloaded = create(lived, specs(first).reverse());
      reloaded.start();
      await lived.stop(0);

      // All are exchanged, in another order with each replica; then one more replica starts.
      for (const servers of [first, second.toReversed()]) {
        for (const server of servers) {
          server.health = 'refusing';
          await pass(600);
        }
      }
      await pass(3_000);
      for (const servers of [first, second, third]) {
        for (const [place, server] of servers.entries()) Object.assign(server, last[place], { health: 200 });
      }
      await pass(READ_MS);
      const fresh = create(
        undefined,
        [third[1], third[2], third[0]].flatMap((server) => (server ? [server.spec] : [])),
      );
      fresh.start();
      await pass(READ_MS);
      for (const servers of replicas) {
        for (const [place, server] of servers.entries()) server.health = last[place]?.health ?? 200;
      }
      await pass(STALE_MS + READ_MS);

      const expected = await documentsOf(mergeDiscovery(last.map(inputOf)));
      for (const [name, replica] of Object.entries({ reloaded, backwards, fresh })) {
        while (!replica.settled) await nextTurn();
        const { published = assert.fail('nothing is published') } = replica.snapshot;
        assert.deepEqual(allOf(published, replica.conflicts), expected, name);
      }
    });
  }
});

const EMPTY: ServerDiscovery = { api: [], apis: [] };

function apply(server: PlayedServer | undefined, { health: next, discovery }: Change): void {
  if (server !== undefined) Object.assign(server, { health: next, discovery });
}

/** The end of a server as the merge sees it: only what a ready one says is Current. */
function inputOf({ gitVersion, discovery, health: last }: End, place: number): MergeInput {
  const server = NAMES[place] ?? '';
  return { server, version: parseServerVersion(gitVersion ?? ''), ready: last === 200, fresh: true, discovery };
}

async function documentsOf({ conflicts, ...merged }: MergedDiscovery): Promise<ReadonlyMap<string, string>> {
  return allOf(await publishDiscovery(merged), conflicts);
}

/** Every document's bytes and ETag, and the conflicts, by name. */
function allOf(published: PublishedDiscovery, conflicts: readonly DiscoveryConflict[]): ReadonlyMap<string, string> {
  const documents = new Map<string, string>([['conflicts', JSON.stringify(conflicts)]]);
  for (const root of ['/api', '/apis'] as const) {
    for (const version of ['v2', 'v2beta1'] as const) {
      const { etag, identity, gzip, contentType } = published[root][version];
      documents.set(`${root} ${version}`, [etag, contentType, identity, gzip.toString('hex')].join('\n'));
    }
    for (const [path, { identity }] of published[root].unaggregated) {
      documents.set(path, Buffer.from(identity).toString());
    }
  }
  return documents;
}

test('two proxies that know of the same servers answer with the same bytes, before and after restarts', async (t) => {
  const flags = { 'departure-grace-seconds': '1' };
  const plane = await startEmbeddedControlPlane(t, { local: 'old', flags });
  const { old, new: newer, pki } = plane;
  const started = async () => {
    const named = Object.entries({ ...serveFlags(pki), ...flags, 'local-server': newer.url }).map(
      ([name, value]): [string, string[]] => [name, [value]],
    );
    const server: [string, string[]] = ['server', [`new=${newer.url}`, `old=${old.url}`]];
    const configuration = await loadConfiguration({ flags: new Map([...named, server]) });
    const daemon = await startDaemon(configuration, { logger: QUIET });
    await daemon.ready();
    const credentials = { ca: pki.servingCa.cert, cert: pki.admin.cert, key: pki.admin.key };
    const client = await connectClient('h2', daemon.servingAddress, credentials);
    const stop = async () => {
      client.close();
      await daemon.stop(0);
    };
    t.after(stop);
    return { client, stop };
  };
  const one = await plane.client();
  let other = await started();
  assert.deepEqual(await answers(other.client), await answers(one));

  // The newer server rolls back while the older one rests, and comes again; one proxy is restarted in between.
  newer.discovery = aggregatedDiscovery('1.36.3');
  await agreed(plane, one, other.client);
  await old.stop();
  await other.stop();
  newer.discovery = aggregatedDiscovery('1.37.2');
  await old.start();
  other = await started();
  await agreed(plane, one, other.client);
  assert.ok((await answers(one)).size > 40);
});

const QUIET = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Waits until both list what the servers serve now, and asserts that they say the same of it. */
async function agreed({ old, new: newer }: EmbeddedControlPlane, one: ApiClient, other: ApiClient): Promise<void> {
  const documents = [old, newer].map(({ discovery }) => discovery('/apis', V2)?.body ?? '');
  const served = [...new Set(documents.flatMap(versionsOf))].sort();
  for (const client of [one, other]) {
    while (
      versionsOf(await text(client, '/apis', V2))
        .sort()
        .join() !== served.join()
    )
      await delay(20);
  }
  assert.deepEqual(await answers(other), await answers(one));
}

const V2 = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

function versionsOf(body: string): string[] {
  const { items }: { items: { metadata: { name: string }; versions: { version: string }[] }[] } = JSON.parse(body);
  return items.flatMap(({ metadata, versions }) => versions.map(({ version }) => `${metadata.name}/${version}`));
}

/** What any client is told. Unaggregated `/api` is left out: it names the proxy's own address. */
async function answers(client: ApiClient): Promise<ReadonlyMap<string, string>> {
  const told = new Map<string, string>();
  for (const path of ['/api', '/apis']) {
    for (const accept of [V2, V2.replace('v=v2', 'v=v2beta1')]) {
      const answer = await client.request({ path, headers: { accept } });
      assert.equal(answer.status, 200);
      told.set(`${path} ${accept}`, `${answer.headers.etag} ${answer.text}`);
    }
  }
  const paths = ['/api/v1', '/apis'];
  const { groups }: { groups: { name: string; versions: { groupVersion: string }[] }[] } = JSON.parse(
    await text(client, '/apis', 'application/json'),
  );
  for (const { name, versions } of groups) {
    paths.push(`/apis/${name}`, ...versions.map(({ groupVersion }) => `/apis/${groupVersion}`));
  }
  for (const path of paths) told.set(path, await text(client, path, 'application/json'));
  return told;
}

async function text(client: ApiClient, path: string, accept: string): Promise<string> {
  const answer = await client.request({ path, headers: { accept } });
  assert.equal(answer.status, 200, path);
  return answer.text;
}
