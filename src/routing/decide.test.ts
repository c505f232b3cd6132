import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { discoveryOf } from '../discovery/testing/discovery-of.ts';
import { requestInfo } from '../kubernetes/request-info.ts';
import { decide, isWorthRefreshing } from './decide.ts';
import type { Decision, ForwardReason, UnavailableReason } from './decision.ts';
import type { RoutingHint } from './routing-hint.ts';
import type { RoutingSnapshot } from './snapshot.ts';
import { hintOf, type ServerSketch, snapshotOf } from './testing/snapshot-of.ts';

const get = (target: string) => requestInfo('GET', target);
const forward = (server: number, reason: ForwardReason, final: boolean): Decision => ({
  kind: 'forward',
  server,
  reason,
  final,
});
const unavailable = (reason: UnavailableReason, ...servers: readonly number[]): Decision => ({
  kind: 'unavailable',
  reason,
  servers,
});

const WIDGET = '/apis/example.com/v1/namespaces/a/widgets/x';
const OLD = { v1: { pods: ['get', 'list'], 'pods/status': ['get'] } };
const NEW = {
  v1: { pods: ['get', 'list', 'delete'], 'pods/status': ['get', 'patch'], 'pods/resize': ['patch'] },
  'example.com/v1': { widgets: ['get', 'list', 'watch', 'create'] },
};

/** 0 and 1 are new, 2 and 3 old. */
const SERVERS: readonly ServerSketch[] = [
  { minor: 37, serves: NEW },
  { minor: 37, serves: NEW },
  { minor: 36, serves: OLD },
  { minor: 36, serves: OLD },
];
const skewed = snapshotOf(SERVERS);

/** The same servers, of which those listed are not ready. */
function without(...down: readonly number[]): RoutingSnapshot {
  return snapshotOf(SERVERS.map((server, position) => ({ ...server, ready: !down.includes(position) })));
}

const load = (loads: readonly number[]): Pick<RoutingHint, 'load'> => ({ load: (server) => loads[server] ?? 0 });

describe('the preferred server is capable and ready', () => {
  for (const [preferred, request] of [
    [0, get(WIDGET)],
    [1, get(WIDGET)],
    [3, get('/api/v1/pods')],
    [3, get('/api/v1/namespaces/a/pods/x/status')],
    [0, requestInfo('PATCH', '/api/v1/namespaces/a/pods/x/status')],
  ] as const) {
    test(`${preferred} answers ${request.verb} ${request.path} itself, however loaded`, () => {
      const hint = hintOf(preferred, load([9, 9, 9, 9]));
      assert.deepEqual(decide(request, skewed, hint), forward(preferred, 'PreferredCapable', true));
    });
  }
});

describe('the preferred server is not capable, others are', () => {
  test('a ready capable server answers', () => {
    assert.deepEqual(decide(get(WIDGET), skewed, hintOf(2)), forward(0, 'PeerServesResource', true));
  });

  test('the least loaded of the newest', () => {
    const hint = hintOf(2, load([5, 4, 0, 0]));
    assert.deepEqual(decide(get(WIDGET), skewed, hint), forward(1, 'PeerServesResource', true));
  });

  test('of equally loaded ones the first', () => {
    assert.deepEqual(decide(get(WIDGET), skewed, hintOf(2, load([3, 3]))), forward(0, 'PeerServesResource', true));
  });

  test('the newest before the idle', () => {
    const snapshot = snapshotOf([
      { minor: 37, serves: NEW },
      { minor: 36, serves: NEW },
      { minor: 35, serves: OLD },
    ]);
    assert.deepEqual(decide(get(WIDGET), snapshot, hintOf(2, load([99, 0]))), forward(0, 'PeerServesResource', true));
  });

  test('an older one where the newest is not ready', () => {
    const snapshot = snapshotOf([
      { minor: 37, serves: NEW, ready: false },
      { minor: 36, serves: NEW },
      { minor: 35, serves: OLD },
    ]);
    assert.deepEqual(decide(get(WIDGET), snapshot, hintOf(2)), forward(1, 'PeerServesResource', true));
  });

  test('servers that tell no version come last', () => {
    const snapshot = snapshotOf([{ minor: 36, serves: NEW }, { serves: NEW }, { serves: OLD }]);
    assert.deepEqual(decide(get(WIDGET), snapshot, hintOf(2, load([9]))), forward(0, 'PeerServesResource', true));
  });

  test('a server that failed this request already is not named again', () => {
    const hint = hintOf(2, { tried: new Set([0]) });
    assert.deepEqual(decide(get(WIDGET), skewed, hint), forward(1, 'PeerServesResource', true));
  });
});

describe('the preferred server knows the resource, others alone the subresource or verb', () => {
  for (const [name, request] of [
    ['subresource', requestInfo('PATCH', '/api/v1/namespaces/a/pods/x/resize')],
    ['verb', requestInfo('DELETE', '/api/v1/namespaces/a/pods/x')],
    ["subresource's verb", requestInfo('PATCH', '/api/v1/namespaces/a/pods/x/status')],
  ] as const) {
    test(`a server with the ${name} answers`, () => {
      assert.deepEqual(decide(request, skewed, hintOf(2)), forward(0, 'PeerServesSubresourceOrVerb', true));
    });
  }
});

describe('the preferred server is capable and not ready', () => {
  test('another capable server answers', () => {
    assert.deepEqual(decide(get(WIDGET), without(0), hintOf(0)), forward(1, 'PreferredNotReady', true));
  });

  test('likewise when it failed this request', () => {
    const hint = hintOf(0, { tried: new Set([0]) });
    assert.deepEqual(decide(get(WIDGET), skewed, hint), forward(1, 'PreferredNotReady', true));
  });

  test('likewise when there is none', () => {
    assert.deepEqual(decide(get(WIDGET), without(0), hintOf(undefined)), forward(1, 'PreferredNotReady', true));
  });
});

describe('capable servers exist, none is ready', () => {
  const expected = unavailable('CapableServersNotReady', 0, 1);

  test('503 with the servers that have it, though others are ready', () => {
    assert.deepEqual(decide(get(WIDGET), without(0, 1), hintOf(2)), expected);
  });

  test('503 when each of them failed this request', () => {
    assert.deepEqual(decide(get(WIDGET), skewed, hintOf(2, { tried: new Set([0, 1]) })), expected);
  });

  test('503 when the preferred server is the only capable one', () => {
    const snapshot = snapshotOf([
      { minor: 37, serves: NEW, ready: false },
      { minor: 36, serves: OLD },
    ]);
    assert.deepEqual(decide(get(WIDGET), snapshot, hintOf(0)), unavailable('CapableServersNotReady', 0));
  });

  test('503 also where another server knows the resource without the verb', () => {
    const request = requestInfo('DELETE', '/api/v1/namespaces/a/pods/x');
    assert.deepEqual(decide(request, without(0, 1), hintOf(2)), expected);
  });
});

describe('a group-version is Stale, so nothing follows from what it does not list', () => {
  const down = discoveryOf({ 'example.com/v1': {} }, ['example.com/v1']);
  const stale = (ready: boolean) =>
    snapshotOf([
      { minor: 37, serves: OLD },
      { minor: 37, discovery: down, ready },
      { minor: 36, discovery: down, ready },
    ]);

  test('the preferred server answers when it may have the resource', () => {
    assert.deepEqual(decide(get(WIDGET), stale(true), hintOf(2)), forward(2, 'StaleGroupVersion', true));
  });

  test('else one that may', () => {
    assert.deepEqual(decide(get(WIDGET), stale(true), hintOf(0)), forward(1, 'StaleGroupVersion', true));
  });

  test('503 when none of those is ready', () => {
    assert.deepEqual(decide(get(WIDGET), stale(false), hintOf(0)), {
      ...unavailable('CapableServersNotReady', 1, 2),
      maybe: true,
    });
  });
});

describe('nobody is capable', () => {
  const unknown = get('/apis/example.com/v2/gadgets');

  test('the preferred server answers, and may route again', () => {
    assert.deepEqual(decide(unknown, skewed, hintOf(3)), forward(3, 'NobodyCapable', false));
  });

  test('503 while a configured server was never seen, naming it', () => {
    const snapshot = snapshotOf([...SERVERS, { minor: 36, ready: false }], { incompleteUntil: 1_001 });
    assert.deepEqual(decide(unknown, snapshot, hintOf(3, { now: 1_000 })), unavailable('ServersNotSeen', 4));
    assert.deepEqual(decide(unknown, snapshot, hintOf(3, { now: 1_001 })), forward(3, 'NobodyCapable', false));
  });

  test('a server that knows the resource refuses the verb, before one that does not know it', () => {
    const request = requestInfo('PUT', WIDGET);
    assert.deepEqual(decide(request, skewed, hintOf(1)), forward(1, 'NobodyCapable', false));
    assert.deepEqual(decide(request, skewed, hintOf(3)), forward(0, 'NobodyCapable', false));
    assert.deepEqual(decide(request, without(0, 1), hintOf(3)), forward(3, 'NobodyCapable', false));
  });

  test('503 when the preferred server is not ready', () => {
    assert.deepEqual(decide(unknown, without(3), hintOf(3)), unavailable('NoServerReady'));
  });
});

describe('a trusted peer has routed the request already', () => {
  const alreadyProxied = true;

  test('the preferred server answers, capable or not', () => {
    for (const preferred of [0, 3]) {
      const hint = hintOf(preferred, { alreadyProxied });
      assert.deepEqual(decide(get(WIDGET), skewed, hint), forward(preferred, 'AlreadyProxied', true));
      assert.deepEqual(decide(get('/version'), skewed, hint), forward(preferred, 'AlreadyProxied', true));
    }
  });

  test('it goes nowhere else', () => {
    assert.deepEqual(decide(get(WIDGET), without(3), hintOf(3, { alreadyProxied })), unavailable('NoServerReady'));
    const tried = new Set([3]);
    assert.deepEqual(decide(get(WIDGET), skewed, hintOf(3, { alreadyProxied, tried })), unavailable('NoServerReady'));
  });
});

describe('peer traffic cannot be authenticated', () => {
  const local = snapshotOf(SERVERS, { view: 'server-local' });

  test('the preferred server answers whatever others serve', () => {
    for (const target of [WIDGET, '/openapi/v3', '/apis/example.com', '/version']) {
      assert.deepEqual(decide(get(target), local, hintOf(3)), forward(3, 'ServerLocalView', false));
    }
  });

  test('503 when it is not ready', () => {
    const snapshot = { ...without(3), view: 'server-local' } as const;
    assert.deepEqual(decide(get(WIDGET), snapshot, hintOf(3)), unavailable('NoServerReady'));
  });
});

describe('the path names no resource', () => {
  for (const target of [
    '/version',
    '/healthz',
    '/',
    '/metrics',
    '/api',
    '/apis',
    '/apis/',
    '/foo/v1/pods',
    '/openapi',
  ]) {
    test(`${target} is the preferred server's`, () => {
      assert.deepEqual(decide(get(target), skewed, hintOf(3)), forward(3, 'NonResource', false));
    });
  }

  for (const target of ['/openapi/v2', '/openapi/v3', '/openapi/v2/none']) {
    test(`${target} comes from the newest ready server`, () => {
      assert.deepEqual(decide(get(target), skewed, hintOf(3, load([2, 1]))), forward(0, 'NewestOpenAPI', false));
      assert.deepEqual(decide(get(target), without(0, 1), hintOf(3)), forward(2, 'NewestOpenAPI', false));
      assert.deepEqual(decide(get(target), without(0, 1, 2, 3), hintOf(3)), unavailable('NoServerReady'));
    });
  }

  describe('an OpenAPI document', () => {
    const document = 'apis/example.com/v1';
    const target = get(`/openapi/v3/${document}?hash=A`);
    const sketches = (listing: readonly number[], unread: readonly number[] = []) =>
      [37, 37, 36, 35].map((minor, position) => ({
        minor,
        serves: {},
        openapi: unread.includes(position)
          ? undefined
          : listing.includes(position)
            ? ['version', document]
            : ['version'],
      }));
    const listed = snapshotOf(sketches([1, 2]));
    const unready = (snapshot: RoutingSnapshot, ...positions: readonly number[]) => ({
      ...snapshot,
      servers: snapshot.servers.map((server, position) => ({ ...server, ready: !positions.includes(position) })),
    });

    test('comes from the newest ready server that lists it, whatever its load', () => {
      assert.deepEqual(decide(target, listed, hintOf(3, load([0, 9]))), forward(1, 'NewestOpenAPI', false));
      assert.deepEqual(decide(target, unready(listed, 1), hintOf(3)), forward(2, 'NewestOpenAPI', false));
      const failed = hintOf(3, { tried: new Set([1]) });
      assert.deepEqual(decide(target, listed, failed), forward(2, 'NewestOpenAPI', false));
    });

    test('comes from a server whose OpenAPI answers, if there is one', () => {
      const failing = (...positions: readonly number[]) => ({
        ...listed,
        openapi: { ...listed.openapi, failing: new Set(positions) },
      });
      assert.deepEqual(decide(target, failing(1), hintOf(3)), forward(2, 'NewestOpenAPI', false));
      assert.deepEqual(decide(target, failing(1, 2), hintOf(3)), forward(1, 'NewestOpenAPI', false));
      assert.deepEqual(decide(get('/openapi/v3'), failing(0), hintOf(3)), forward(1, 'NewestOpenAPI', false));
    });

    test('is 503 when none of those is ready', () => {
      const decision = decide(target, unready(listed, 1, 2), hintOf(3));
      assert.deepEqual(decision, unavailable('CapableServersNotReady', 1, 2));
    });

    test('that nobody lists is the preferred server’s 404', () => {
      const decision = decide(target, snapshotOf(sketches([])), hintOf(3));
      assert.deepEqual(decision, forward(3, 'NobodyLists', false));
    });

    test('that nobody lists is 503 while a server has not been seen', () => {
      const hint = hintOf(3);
      const servers = listed.servers.map((server, position) => ({ ...server, known: position !== 0 }));
      const snapshot = { ...snapshotOf(sketches([])), servers, incompleteUntil: hint.now + 1 };
      assert.deepEqual(decide(target, snapshot, hint), unavailable('ServersNotSeen', 0));
    });

    test('that nobody lists comes from a ready server whose index cannot be read', () => {
      assert.deepEqual(decide(target, snapshotOf(sketches([], [2])), hintOf(3)), forward(2, 'NewestOpenAPI', false));
      const down = unready(snapshotOf(sketches([], [2])), 2);
      assert.deepEqual(decide(target, down, hintOf(3)), forward(3, 'NobodyLists', false));
    });

    test('of one server’s own is the preferred server’s', () => {
      const own = hintOf(3, { ownOpenAPI: true });
      assert.deepEqual(decide(target, listed, own), forward(3, 'NonResource', false));
      assert.deepEqual(decide(target, unready(listed, 3), own), unavailable('NoServerReady'));
    });
  });

  for (const target of ['/apis/example.com', '/apis/example.com/', '/apis/example.com/v1']) {
    test(`${target} comes from a server that lists the group`, () => {
      assert.deepEqual(decide(get(target), skewed, hintOf(1)), forward(1, 'NonResource', false));
      assert.deepEqual(decide(get(target), skewed, hintOf(3, load([2, 1]))), forward(1, 'PeerListsGroup', false));
      assert.deepEqual(decide(get(target), without(0, 1), hintOf(3)), unavailable('CapableServersNotReady', 0, 1));
    });
  }

  for (const target of ['/apis/example.com/v2', '/apis/none', '/api/v2']) {
    test(`${target}, which nobody lists, is the preferred server's`, () => {
      assert.deepEqual(decide(get(target), skewed, hintOf(3)), forward(3, 'NobodyLists', false));
    });

    test(`${target}, which nobody lists, is 503 while a server that may list it has not been seen`, () => {
      const hint = hintOf(3);
      const servers = skewed.servers.map((server, position) => ({ ...server, known: position !== 1 }));
      const incomplete = { ...skewed, servers, incompleteUntil: hint.now + 1 };
      assert.deepEqual(decide(get(target), incomplete, hint), unavailable('ServersNotSeen', 1));
      const over = { ...incomplete, incompleteUntil: hint.now };
      assert.deepEqual(decide(get(target), over, hint), forward(3, 'NobodyLists', false));
    });
  }

  test('503 when the preferred server is not ready', () => {
    assert.deepEqual(decide(get('/version'), without(3), hintOf(3)), unavailable('NoServerReady'));
  });
});

describe('tables are read again', () => {
  const nobody = forward(0, 'NobodyCapable', false);
  const aged = (confirmedAt: number) => ({ ...skewed, confirmedAt });

  for (const [decision, confirmedAt, now, expected] of [
    [nobody, 1_000, 2_000, true],
    [nobody, 1_000, 1_999, false],
    [forward(0, 'NobodyLists', false), 1_000, 2_000, true],
    [forward(0, 'NobodyLists', false), 1_000, 1_999, false],
    [unavailable('ServersNotSeen', 1), 1_000, 2_000, true],
    [unavailable('ServersNotSeen', 1), 1_000, 1_999, false],
    [forward(0, 'PreferredCapable', true), 0, 9_000, false],
    [forward(0, 'NonResource', false), 0, 9_000, false],
    [unavailable('CapableServersNotReady', 1), 0, 9_000, false],
    [unavailable('NoServerReady'), 0, 9_000, false],
    // No server is ready, so none has confirmed anything.
    [nobody, Number.POSITIVE_INFINITY, 9_000, false],
  ] as const) {
    test(`${decision.reason} by tables ${now - confirmedAt} ms old with a window of 1000 ms: ${expected}`, () => {
      assert.equal(isWorthRefreshing(decision, aged(confirmedAt), 1_000, now), expected);
    });
  }

  test('however young they are, where none is believed', () => {
    assert.equal(isWorthRefreshing(nobody, aged(1_000), 0, 1_000), true);
    assert.equal(isWorthRefreshing(forward(0, 'PreferredCapable', true), aged(1_000), 0, 1_000), false);
  });
});

describe('writes go to one version', () => {
  const post = requestInfo('POST', '/apis/example.com/v1/namespaces/a/widgets');
  const mixed = snapshotOf([
    { minor: 37, serves: NEW },
    { minor: 36, serves: NEW },
    { minor: 36, serves: NEW },
    { minor: 35, serves: NEW },
    { minor: 34, serves: OLD },
  ]);

  for (const [writes, preferred, server, reason] of [
    ['any', 1, 1, 'PreferredCapable'],
    ['newest', 1, 0, 'WritesNewest'],
    ['newest', 0, 0, 'PreferredCapable'],
    ['oldest', 1, 3, 'WritesOldest'],
    ['oldest', 4, 3, 'PeerServesResource'],
    ['newest', 4, 0, 'PeerServesResource'],
  ] as const) {
    test(`${writes}: of a client of ${preferred} to ${server}`, () => {
      assert.deepEqual(decide(post, mixed, hintOf(preferred, { writes })), forward(server, reason, true));
    });
  }

  test('of that version to the client’s own server, else to the least loaded', () => {
    const snapshot = snapshotOf(SERVERS.map((server) => ({ ...server, serves: NEW })));
    const hint = (preferred: number, writes: 'newest' | 'oldest') =>
      hintOf(preferred, { writes, ...load([5, 4, 3, 9]) });
    assert.deepEqual(decide(post, snapshot, hint(0, 'newest')), forward(0, 'PreferredCapable', true));
    assert.deepEqual(decide(post, snapshot, hint(3, 'newest')), forward(1, 'WritesNewest', true));
    assert.deepEqual(decide(post, snapshot, hint(0, 'oldest')), forward(2, 'WritesOldest', true));
  });

  test('to the next version when that one is out or has failed the request', () => {
    const out = { ...mixed, servers: mixed.servers.map((server, at) => ({ ...server, ready: at !== 0 })) };
    assert.deepEqual(decide(post, out, hintOf(3, { writes: 'newest' })), forward(1, 'WritesNewest', true));
    const hint = hintOf(0, { writes: 'oldest', tried: new Set([3]) });
    assert.deepEqual(decide(post, mixed, hint), forward(1, 'WritesOldest', true));
  });

  for (const [method, target] of [
    ['GET', WIDGET],
    ['GET', '/api/v1/pods?watch=1'],
    ['POST', '/api/v1/namespaces/a/pods/x/exec'],
  ] as const) {
    test(`not so ${method} ${target}, which changes nothing that is stored`, () => {
      const snapshot = snapshotOf([
        { minor: 37, serves: NEW },
        {
          minor: 36,
          serves: { v1: { pods: ['watch'], 'pods/exec': ['create'] }, 'example.com/v1': { widgets: ['get'] } },
        },
      ]);
      const { reason } = decide(requestInfo(method, target), snapshot, hintOf(1, { writes: 'newest' }));
      assert.equal(reason, 'PreferredCapable');
    });
  }
});

describe('a sidecar', () => {
  const sidecar = snapshotOf(SERVERS, { local: 2 });
  const out = { ...without(2), local: 2 };
  const forwarded = true;

  test('sends on what its own server does not serve, and answers other clients through others while that one is out', () => {
    assert.deepEqual(decide(get(WIDGET), sidecar, hintOf(2)), forward(0, 'PeerServesResource', true));
    assert.deepEqual(decide(get('/api/v1/pods'), out, hintOf(2)), forward(0, 'PreferredNotReady', true));
    assert.deepEqual(decide(get('/apis/none/v1/things'), out, hintOf(2)), forward(0, 'NobodyCapable', false));
    assert.deepEqual(decide(get('/apis/none'), out, hintOf(2)), forward(0, 'NobodyLists', false));
    assert.deepEqual(decide(get('/version'), out, hintOf(2)), forward(0, 'LocalNotReady', false));
  });

  for (const target of ['/readyz', '/readyz/etcd', '/livez', '/healthz', '/metrics']) {
    test(`asks nobody but its own server for ${target}`, () => {
      assert.deepEqual(decide(get(target), sidecar, hintOf(2)), forward(2, 'NonResource', false));
      assert.deepEqual(decide(get(target), out, hintOf(2)), unavailable('LocalServerNotReady', 2));
    });
  }

  test('sends nothing on that has passed a proxy', () => {
    const hint = hintOf(2, { forwarded });
    assert.deepEqual(decide(get('/api/v1/pods'), sidecar, hint), forward(2, 'PreferredCapable', true));
    assert.deepEqual(decide(get(WIDGET), sidecar, hint), unavailable('NotServedHere', 0, 1));
    assert.deepEqual(decide(get('/apis/example.com/v1'), sidecar, hint), unavailable('NotServedHere', 0, 1));
    assert.deepEqual(decide(get('/apis/none/v1/things'), sidecar, hint), forward(2, 'NobodyCapable', false));
    for (const target of ['/api/v1/pods', '/version', '/apis/none/v1/things', '/openapi/v2']) {
      assert.deepEqual(decide(get(target), out, hint), unavailable('LocalServerNotReady', 2), target);
    }
  });

  test('looks again before it says that its own server does not serve what another proxy sent', () => {
    assert.equal(
      isWorthRefreshing(unavailable('NotServedHere', 0), { ...sidecar, confirmedAt: 0 }, 1_000, 2_000),
      true,
    );
  });

  test('knows no policy for writes', () => {
    const snapshot = snapshotOf(
      SERVERS.map((server) => ({ ...server, serves: NEW })),
      { local: 2 },
    );
    const post = requestInfo('POST', '/apis/example.com/v1/namespaces/a/widgets');
    assert.deepEqual(decide(post, snapshot, hintOf(2, { writes: 'newest' })), forward(2, 'PreferredCapable', true));
  });

  test('gives a gateway’s requests no other way than those of clients of its own: a gateway is not bound to one server', () => {
    assert.deepEqual(decide(get(WIDGET), skewed, hintOf(2, { forwarded })), forward(0, 'PeerServesResource', true));
  });
});
