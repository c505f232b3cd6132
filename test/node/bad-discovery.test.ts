import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { ServerHttp2Stream } from 'node:http2';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { ProxyStatus, ServerStatus } from '../../src/admin/status.ts';
import { type ApiClient, H1Client } from '../support/api-client.ts';
import { type EmbeddedControlPlane, startEmbeddedControlPlane } from '../support/embedded-daemon.ts';
import { send } from '../support/fake-api-server.ts';
import { aggregatedDiscovery, type FakeDiscovery, legacyDiscovery } from '../support/fake-discovery.ts';

const form = (version: string) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
const V2 = form('v2');
const JSON_ONLY = 'application/json';
const MEBIBYTE = 1024 * 1024;
/** Alone in what the bad server serves. */
const GIZMOS = 'only-new.example/v1';
const POLL_MS = 10;

const FLAGS = {
  'discovery-interval-seconds': '0.05',
  // Long enough for 16 MiB on a busy machine.
  'discovery-timeout-seconds': '20',
  // A good server that a busy machine keeps from answering for a while is not Stale.
  'discovery-stale-after-seconds': '4',
};
/** For those that do not answer. */
const IMPATIENT = { ...FLAGS, 'discovery-timeout-seconds': '3', 'discovery-stale-after-seconds': '6' };
/** It lists fewer types when it is read list by list, which is not what the test is about. */
const WITHOUT_GRACE = { ...IMPATIENT, 'departure-grace-seconds': '0' };

/** What 1.37.2 serves, and GIZMOS. */
const withGizmos: FakeDiscovery = (path, accept) => {
  const document = aggregatedDiscovery('1.37.2')(path, accept);
  if (document === undefined || path !== '/apis' || !accept.includes('v=v2;')) return document;
  const list = JSON.parse(document.body);
  const [name, version] = GIZMOS.split('/');
  const responseKind = { group: name, version, kind: 'Gizmo' };
  const resource = { resource: 'gizmos', responseKind, scope: 'Cluster', singularResource: '', verbs: ['get', 'list'] };
  list.items.push({ metadata: { name }, versions: [{ version, resources: [resource], freshness: 'Current' }] });
  const body = JSON.stringify(list);
  return { ...document, body, etag: `"${createHash('sha256').update(body).digest('hex')}"` };
};

/** How a server answers a request for API metadata. */
type Misbehaviour = (stream: ServerHttp2Stream, path: string) => void;

const good = (path: string) => withGizmos(path, V2)?.body ?? '';
const answer =
  (body: string | Buffer, headers: Readonly<Record<string, string>> = {}): Misbehaviour =>
  (stream) => {
    stream.respond({ ':status': 200, 'content-type': V2, ...headers });
    stream.end(body);
  };

/** `sent` is told how many bytes go out. */
const huge = (beginning: string, repeated: string, sent: (bytes: number) => void = () => {}): Misbehaviour => {
  const chunk = Buffer.from(repeated.repeat(MEBIBYTE / repeated.length));
  return (stream) => {
    stream.respond({ ':status': 200, 'content-type': V2 });
    stream.write(beginning);
    let left = 50;
    const more = () => {
      while (left-- > 0 && !stream.destroyed) {
        sent(chunk.length);
        if (!stream.write(chunk)) return;
      }
      if (!stream.destroyed) stream.end(']}');
    };
    stream.on('drain', more);
    more();
  };
};

const HTML = '<!doctype html><html><title>Sign in</title><form action="/login"></form></html>';
const GROUP = '{"metadata":{"name":"g"},"versions":[]},';
const LIST = '{"kind":"APIGroupDiscoveryList","apiVersion":"apidiscovery.k8s.io/v2","items":[';

interface BadServer {
  readonly reason: string;
  /** What `/status` says. */
  readonly failure: RegExp;
  readonly misbehave: Misbehaviour;
}

const BAD: Readonly<Record<string, BadServer>> = {
  '500': {
    reason: 'status-5xx',
    failure: /^GET \/apis? was answered 500$/,
    misbehave: (stream) => send(stream, 500, 'text/plain', 'no'),
  },
  '429': {
    reason: 'status-4xx',
    failure: /^GET \/apis? was answered 429$/,
    misbehave: (stream) => send(stream, 429, 'text/plain', 'later'),
  },
  '204': {
    reason: 'status-2xx',
    failure: /^GET \/apis? was answered 204$/,
    misbehave: (stream) => stream.respond({ ':status': 204 }, { endStream: true }),
  },
  'a good /api and no /apis': {
    reason: 'status-5xx',
    failure: /^GET \/apis was answered 503$/,
    misbehave: (stream, path) =>
      path === '/apis' ? send(stream, 503, 'text/plain', 'no') : answer(good(path))(stream, path),
  },
  garbage: { reason: 'malformed', failure: /is not JSON/, misbehave: answer(Buffer.alloc(10_000, 0xfe)) },
  'half a document': {
    reason: 'malformed',
    failure: /is not JSON/,
    misbehave: (stream, path) => answer(good(path).slice(0, good(path).length / 2))(stream, path),
  },
  'half a document, and breaks off': {
    reason: 'connection',
    failure: /was answered incompletely/,
    misbehave: (stream, path) => {
      stream.respond({ ':status': 200, 'content-type': V2 });
      stream.write(good(path).slice(0, good(path).length / 2), () => stream.close(2));
    },
  },
  'half a compressed document': {
    reason: 'malformed',
    failure: /gzip that is cut/,
    misbehave: (stream, path) => {
      const whole = gzipSync(good(path));
      answer(whole.subarray(0, whole.length / 2), { 'content-encoding': 'gzip' })(stream, path);
    },
  },
  'a zip bomb': {
    reason: 'too-large',
    failure: /more than 16777216 bytes/,
    misbehave: answer(gzipSync(Buffer.alloc(64 * MEBIBYTE, ' ')), { 'content-encoding': 'gzip' }),
  },
  'a good document that is called text': {
    reason: 'malformed',
    failure: /answered with text\/plain, not JSON/,
    misbehave: (stream, path) => answer(good(path), { 'content-type': 'text/plain' })(stream, path),
  },
  'a page to sign in': {
    reason: 'malformed',
    failure: /answered with text\/html/,
    misbehave: answer(HTML, { 'content-type': 'text/html; charset=utf-8' }),
  },
  'a page to sign in that is called discovery': {
    reason: 'malformed',
    failure: /<!doctype html>/,
    misbehave: answer(HTML),
  },
  'another kind': {
    reason: 'malformed',
    failure: /\$\.kind is the string "Status"/,
    misbehave: answer('{"kind":"Status","apiVersion":"v1","code":200}'),
  },
  'JSON nested 100 000 deep': {
    reason: 'malformed',
    failure: /nested more than 64 deep/,
    misbehave: answer('['.repeat(100_000) + ']'.repeat(100_000)),
  },
  '50 MiB of groups': { reason: 'too-large', failure: /more than 16777216 bytes/, misbehave: huge(LIST, GROUP) },
  '50 MiB of garbage': { reason: 'too-large', failure: /more than 16777216 bytes/, misbehave: huge('', '\x07') },
  'a byte now and then': {
    reason: 'timeout',
    failure: /not answered completely within 3000 ms/,
    misbehave: (stream, path) => {
      stream.respond({ ':status': 200, 'content-type': V2 });
      const bytes = Buffer.from(good(path));
      let at = 0;
      const timer = setInterval(() => stream.write(bytes.subarray(at, ++at)), 50);
      stream.once('close', () => clearInterval(timer));
    },
  },
  nothing: { reason: 'timeout', failure: /not answered completely within 3000 ms/, misbehave: () => {} },
};

describe('a server that answers discovery with', { concurrency: 3 }, () => {
  for (const [what, { reason, failure, misbehave }] of Object.entries(BAD)) {
    test(`${what} takes nothing away and delays nobody`, async (t) => {
      const { plane, client, turn, recover, readingsOfOther } = await start(
        t,
        reason === 'timeout' ? IMPATIENT : FLAGS,
      );
      const before = await everyShape(client);
      assert.equal(before.versions.get(GIZMOS), 'Current');
      assert.ok(before.versions.size > 20);

      turn(misbehave);
      const readings = readingsOfOther();
      const shapes = await until(async () => {
        const versions = versionsOf(await text(client, '/apis', V2));
        assert.deepEqual([...versions.keys()], [...before.versions.keys()], 'no version vanishes');
        const stale = [...versions].filter(([, freshness]) => freshness === 'Stale').map(([name]) => name);
        assert.deepEqual(
          stale.filter((name) => !NEW_ONLY.includes(name)),
          [],
          'what the other server serves is Current',
        );
        return stale.length === 0 ? undefined : everyShape(client);
      });
      // From one reading of the bad server that took too long to the next, the other was read again and again.
      assert.ok(readingsOfOther() - readings >= 5, `${readingsOfOther() - readings} readings of the other server`);

      assert.deepEqual(
        [...shapes.versions].filter(([, freshness]) => freshness === 'Stale').map(([name]) => name),
        NEW_ONLY,
      );
      assert.deepEqual(shapes.aggregated, before.aggregated, 'resources in v2 and v2beta1');
      assert.deepEqual(shapes.groups, before.groups, 'unaggregated groups and versions');
      for (const [path, list] of before.lists) {
        if (!NEW_ONLY.includes(path.slice('/apis/'.length))) assert.equal(shapes.lists.get(path), list, path);
      }

      const [bad, other] = [await statusOf(plane, 'new'), await statusOf(plane, 'old')];
      assert.match(bad.discovery.failure, failure);
      assert.equal(bad.discovery.reason, reason);
      assert.equal(bad.state, 'ready');
      assert.deepEqual([other.discovery.failure, other.discovery.errors], ['', {}]);
      const metrics = await text(new H1Client(plane.daemon.adminAddress ?? '', { ca: '' }), '/metrics');
      const count = new RegExp(
        `^mvproxy_discovery_fetch_errors_total\\{server="new",reason="${reason}"\\} (\\d+)$`,
        'm',
      );
      assert.ok(Number(count.exec(metrics)?.[1]) >= 1, `counted as ${reason}`);
      assert.doesNotMatch(metrics, /fetch_errors_total\{server="old"/);

      const gizmo = await client.request({ path: `/apis/${GIZMOS}/gizmos` });
      assert.equal(JSON.parse(gizmo.text).servedBy, 'new', 'it is still where its types are');

      recover();
      await until(async () => (await statusOf(plane, 'new')).discovery.failure === '' || undefined);
      await until(
        async () => ![...versionsOf(await text(client, '/apis', V2)).values()].includes('Stale') || undefined,
      );
      assert.deepEqual(await everyShape(client), before);
    });
  }

  test('50 MiB is not listened to beyond the bound', async (t) => {
    const { plane, turn } = await start(t);
    let [readings, sent] = [0, 0];
    const sending = huge(LIST, GROUP, (bytes) => {
      sent += bytes;
    });
    turn((stream, path) => {
      if (path !== '/apis') return answer(good(path))(stream, path);
      readings++;
      sending(stream, path);
    });
    await until(async () => ((await statusOf(plane, 'new')).discovery.errors['too-large'] ?? 0) > 0 || undefined);
    // What is on its way in sockets and flow-control windows comes on top.
    assert.ok(sent <= readings * 24 * MEBIBYTE, `${sent} bytes in ${readings} readings`);
  });
});

describe('a server that is read list by list', () => {
  const FOREIGN = { group: 'only-new.example', version: 'v1', resource: 'gizmos', kind: 'Gizmo' };
  for (const [what, reason, fail] of [
    ['503', 'status-5xx', (stream: ServerHttp2Stream) => send(stream, 503, 'text/plain', 'no')],
    ['a page to sign in', 'malformed', (stream: ServerHttp2Stream) => send(stream, 200, 'text/html', HTML)],
    ['nothing', 'timeout', () => {}],
  ] as const) {
    test(`and answers one list with ${what} keeps that list, as Stale, and the others as they are`, async (t) => {
      const { plane, client } = await start(t, WITHOUT_GRACE);
      const bad = plane.new;
      const discovery = legacyDiscovery('1.37.2', FOREIGN);
      bad.discovery = discovery;
      await until(async () => {
        const { shape } = (await statusOf(plane, 'new')).discovery;
        return (shape === 'legacy' && (await isSettled(plane))) || undefined;
      });
      const before = await everyShape(client);
      assert.equal(before.versions.get(GIZMOS), 'Current');

      const list = `/apis/${GIZMOS}`;
      bad.discovery = (path, accept) => (path === list ? undefined : discovery(path, accept));
      const { handler } = bad;
      bad.handler = (stream, headers) => {
        if (headers[':path'] === list) fail(stream);
        else handler(stream, headers);
      };
      await until(async () => {
        const versions = versionsOf(await text(client, '/apis', V2));
        assert.deepEqual([...versions.keys()], [...before.versions.keys()]);
        return versions.get(GIZMOS) === 'Stale' || undefined;
      });
      const aggregated = await Promise.all([V2, form('v2beta1')].map((accept) => text(client, '/apis', accept)));
      for (const [i, document] of aggregated.entries()) {
        assert.equal(document.replace('"freshness":"Stale"', '"freshness":"Current"'), before.aggregated[i * 2]);
      }
      const { discovery: told } = await statusOf(plane, 'new');
      assert.deepEqual([told.reason, told.failure.includes(list)], [reason, true], told.failure);

      bad.discovery = discovery;
      await until(async () => versionsOf(await text(client, '/apis', V2)).get(GIZMOS) === 'Current' || undefined);
      assert.deepEqual(await everyShape(client), before);
      await until(async () => (await statusOf(plane, 'new')).discovery.failure === '' || undefined);
    });
  }
});

/** Versions that no 1.34.4 serves. */
const NEW_ONLY = (() => {
  const names = (body: string) => [...versionsOf(body).keys()];
  const older = names(aggregatedDiscovery('1.34.4')('/apis', V2)?.body ?? '');
  return names(good('/apis')).filter((name) => !older.includes(name));
})();

async function start(t: TestContext, flags = FLAGS) {
  const plane = await startEmbeddedControlPlane(t, { flags });
  const { new: bad, old: other } = plane;
  const client = await plane.client();
  let misbehave: Misbehaviour | undefined;
  let readings = 0;
  bad.discovery = (path, accept) => (misbehave === undefined ? withGizmos(path, accept) : undefined);
  const { handler } = bad;
  bad.handler = (stream, headers) => {
    const path = headers[':path'] ?? '';
    if (misbehave !== undefined && (path === '/api' || path === '/apis')) misbehave(stream, path);
    else handler(stream, headers);
  };
  const { discovery } = other;
  other.discovery = (path, accept) => {
    if (path === '/apis') readings++;
    return discovery(path, accept);
  };
  await until(async () => versionsOf(await text(client, '/apis', V2)).has(GIZMOS) || undefined);
  return {
    plane,
    client,
    turn: (to: Misbehaviour) => {
      misbehave = to;
    },
    recover: () => {
      misbehave = undefined;
    },
    readingsOfOther: () => readings,
  };
}

/** All that clients of any age can ask for. Freshness apart, which only aggregated documents have. */
async function everyShape(client: ApiClient) {
  const apis = await text(client, '/apis', V2);
  const aggregated = [apis, await text(client, '/api', V2)];
  for (const path of ['/apis', '/api']) aggregated.push(await text(client, path, form('v2beta1')));
  const versions = versionsOf(apis);
  const groups = new Map<string, unknown>();
  const list = JSON.parse(await text(client, '/apis', JSON_ONLY));
  groups.set('/apis', namesOf(list.groups));
  for (const { name } of list.groups) {
    groups.set(name, namesOf([JSON.parse(await text(client, `/apis/${name}`, JSON_ONLY))]));
  }
  const lists = new Map([['/api/v1', await text(client, '/api/v1', JSON_ONLY)]]);
  for (const name of versions.keys()) lists.set(`/apis/${name}`, await text(client, `/apis/${name}`, JSON_ONLY));
  return {
    versions,
    aggregated: aggregated.map((body) => body.replaceAll('"freshness":"Stale"', '"freshness":"Current"')),
    groups,
    lists,
  };
}

function namesOf(groups: { name: string; versions: unknown }[]): unknown {
  return groups.map(({ name, versions }) => ({ name, versions }));
}

/** Freshness by group-version, in the order of the document. */
function versionsOf(body: string): ReadonlyMap<string, string> {
  const { items }: { items: { metadata: { name: string }; versions: { version: string; freshness: string }[] }[] } =
    JSON.parse(body);
  return new Map(
    items.flatMap(({ metadata, versions }) =>
      versions.map(({ version, freshness }): [string, string] => [`${metadata.name}/${version}`, freshness]),
    ),
  );
}

async function text(client: ApiClient, path: string, accept = '*/*'): Promise<string> {
  const { status, text: body } = await client.request({ path, headers: { accept } });
  assert.equal(status, 200, `${path} as ${accept}: ${body.slice(0, 200)}`);
  return body;
}

async function statusOf(plane: EmbeddedControlPlane, name: string): Promise<ServerStatus> {
  const { servers } = await proxyStatus(plane);
  return servers.find((server) => server.name === name) ?? assert.fail(`no server ${name}`);
}

/** The merged documents say all that was read. */
async function isSettled(plane: EmbeddedControlPlane): Promise<boolean> {
  return (await proxyStatus(plane)).settled;
}

async function proxyStatus({ daemon }: EmbeddedControlPlane): Promise<ProxyStatus> {
  const admin = new H1Client(daemon.adminAddress ?? '', { ca: '' });
  const status: ProxyStatus = JSON.parse(await text(admin, '/status'));
  admin.close();
  return status;
}

async function until<T>(probe: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await probe();
    if (found !== undefined) return found;
    await delay(POLL_MS);
  }
}
