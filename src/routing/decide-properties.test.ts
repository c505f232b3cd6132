import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decide } from './decide.ts';
import type { Decision, ForwardReason } from './decision.ts';
import { isAboutServer } from './discovery-path.ts';
import { isWrite } from './routing-policy.ts';
import { lists, type Setting, settings } from './testing/routing-arbitrary.ts';

const CLAIMS_CAPABILITY: ReadonlySet<ForwardReason> = new Set([
  'PreferredCapable',
  'PeerServesResource',
  'PeerServesSubresourceOrVerb',
  'PreferredNotReady',
  'WritesNewest',
  'WritesOldest',
]);

const RUNS = { numRuns: 600 };
const MOST_ROUNDS = 20;
const ENOUGH = 10;

function isUsable({ snapshot, hint }: Setting, position: number): boolean {
  return snapshot.servers[position]?.ready === true && !hint.tried.has(position);
}

/** Positions of the servers whose own documents list the request. */
function capable({ served, request }: Setting): number[] {
  return [...served.keys()].filter((position) => lists(served[position], request));
}

/** A sidecar whose request was forwarded before. */
function isConfined({ snapshot, hint }: Setting): boolean {
  return snapshot.local !== undefined && (hint.alreadyProxied || hint.forwarded === true);
}

/** Nothing but the tables decides: peers may be asked, and nobody has decided before us. */
function isRouted(setting: Setting): boolean {
  const { snapshot, request, hint } = setting;
  return request.isResourceRequest && snapshot.view === 'merged' && !hint.alreadyProxied && !isConfined(setting);
}

/** The operator's policy says which version gets this request. */
function isDirectedWrite({ snapshot, request, hint }: Setting): boolean {
  return snapshot.local === undefined && hint.writes !== 'any' && isWrite(request);
}

/** Holds `check` for generated settings, as many as it takes until enough of them were of use: some kinds are rare. */
function always(check: (setting: Setting, decision: Decision) => boolean): void {
  let used = 0;
  for (let round = 0; round < MOST_ROUNDS && used < ENOUGH; round++) {
    fc.assert(
      fc.property(settings, (setting) => {
        if (check(setting, decide(setting.request, setting.snapshot, setting.hint))) used++;
      }),
      RUNS,
    );
  }
  assert.ok(used >= ENOUGH, `only ${used} settings say anything`);
}

test('a request goes only to servers that are ready and have not failed it', () => {
  always((setting, decision) => {
    if (decision.kind !== 'forward') return false;
    assert.ok(isUsable(setting, decision.server));
    return true;
  });
});

test('where the reason claims that a server is capable, its own document says so', () => {
  always((setting, decision) => {
    if (decision.kind !== 'forward' || !CLAIMS_CAPABILITY.has(decision.reason)) return false;
    assert.ok(lists(setting.served[decision.server], setting.request));
    assert.ok(decision.final);
    return true;
  });
});

test('while a capable server can be used, the request goes to a capable one', () => {
  always((setting, decision) => {
    const usable = capable(setting).filter((position) => isUsable(setting, position));
    if (!isRouted(setting) || usable.length === 0) return false;
    assert.equal(decision.kind, 'forward');
    assert.ok(decision.kind === 'forward' && usable.includes(decision.server));
    return true;
  });
});

test('while somebody is capable, usable or not, nobody is told that the type is unknown', () => {
  always((setting, decision) => {
    if (!isRouted(setting) || capable(setting).length === 0) return false;
    assert.notEqual(decision.reason, 'NobodyCapable');
    assert.notEqual(decision.reason, 'StaleGroupVersion');
    if (decision.kind === 'unavailable') assert.deepEqual(decision.servers, capable(setting));
    return true;
  });
});

test('nobody is told that a type is unknown while a server was not seen and may yet be', () => {
  always((setting, decision) => {
    const { snapshot, hint } = setting;
    if (!isRouted(setting) || hint.now >= snapshot.incompleteUntil) return false;
    assert.notEqual(decision.reason, 'NobodyCapable');
    return true;
  });
});

test('while somebody lists a group or version, nobody is told that it is unknown', () => {
  always((setting, decision) => {
    const { request, served, snapshot, hint } = setting;
    const [root, first, second] = request.path.split('/').filter((part) => part !== '');
    const isGroup = !request.isResourceRequest && first !== undefined && (root === 'api' || root === 'apis');
    if (!isGroup || snapshot.view !== 'merged' || hint.alreadyProxied) return false;
    const [group, version] = root === 'api' ? ['', first] : [first, second];
    const listing = served.filter((discovery) =>
      [...(discovery?.api ?? []), ...(discovery?.apis ?? [])].some(
        ({ metadata, versions = [] }) =>
          metadata.name === group && (version === undefined || versions.some((entry) => entry.version === version)),
      ),
    );
    if (listing.length > 0) assert.notEqual(decision.reason, 'NobodyLists');
    else {
      const reasons = ['NobodyLists', 'ServersNotSeen', isConfined(setting) ? 'LocalServerNotReady' : 'NoServerReady'];
      assert.ok(reasons.includes(decision.reason), decision.reason);
    }
    return true;
  });
});

test('the preferred server wins if it is capable and can be used', () => {
  always((setting, decision) => {
    const { preferred } = setting.hint;
    if (isDirectedWrite(setting) || !isRouted(setting) || preferred === undefined || !isUsable(setting, preferred))
      return false;
    const wins = lists(setting.served[preferred], setting.request);
    assert.equal(decision.reason === 'PreferredCapable', wins);
    if (wins)
      assert.deepEqual(decision, { kind: 'forward', server: preferred, reason: 'PreferredCapable', final: true });
    return true;
  });
});

test('of other capable servers the newest are taken, and of those the least loaded', () => {
  always((setting, decision) => {
    const { snapshot, hint } = setting;
    if (!isRouted(setting) || decision.kind !== 'forward' || !CLAIMS_CAPABILITY.has(decision.reason)) return false;
    if (isDirectedWrite(setting) || decision.reason === 'PreferredCapable') return false;
    const rank = (position: number) => snapshot.servers[position]?.ageRank ?? 0;
    for (const other of capable(setting).filter((position) => isUsable(setting, position))) {
      assert.ok(rank(decision.server) <= rank(other));
      if (rank(decision.server) === rank(other)) assert.ok(hint.load(decision.server) <= hint.load(other));
    }
    return true;
  });
});

test('what a peer routed here and what is served server-locally stays with the preferred server', () => {
  always((setting, decision) => {
    const { snapshot, hint } = setting;
    if (!hint.alreadyProxied && snapshot.view === 'merged') return false;
    if (decision.kind === 'forward') assert.equal(decision.server, hint.preferred);
    else assert.equal(decision.reason, snapshot.local === undefined ? 'NoServerReady' : 'LocalServerNotReady');
    return true;
  });
});

test('a write goes to a server of the newest or oldest version of those that can take it, to the client’s own if it is one', () => {
  always((setting, decision) => {
    const { snapshot, hint } = setting;
    if (!isDirectedWrite(setting) || !isRouted(setting) || decision.kind !== 'forward') return false;
    if (!CLAIMS_CAPABILITY.has(decision.reason)) return false;
    const rank = (position: number) => snapshot.servers[position]?.ageRank ?? 0;
    const ranks = capable(setting)
      .filter((position) => isUsable(setting, position))
      .map(rank);
    const wanted = hint.writes === 'newest' ? Math.min(...ranks) : Math.max(...ranks);
    assert.equal(rank(decision.server), wanted);
    const { preferred } = hint;
    const own = preferred !== undefined && isUsable(setting, preferred) && capable(setting).includes(preferred);
    if (own && preferred !== undefined && rank(preferred) === wanted) assert.equal(decision.server, preferred);
    assert.equal(
      decision.reason === 'WritesNewest' || decision.reason === 'WritesOldest',
      own && decision.server !== preferred,
    );
    return true;
  });
});

test('a sidecar sends what was forwarded before to its own server or nowhere, and never calls it unknown while others have it', () => {
  always((setting, decision) => {
    const { snapshot, hint } = setting;
    if (!isConfined(setting) || snapshot.local === undefined) return false;
    if (decision.kind === 'forward') assert.equal(decision.server, snapshot.local);
    else
      assert.ok(['LocalServerNotReady', 'NotServedHere', 'ServersNotSeen'].includes(decision.reason), decision.reason);
    if (hint.alreadyProxied || snapshot.view !== 'merged' || !setting.request.isResourceRequest) return true;
    const isCapable = capable(setting).includes(snapshot.local);
    if (capable(setting).length > 0) assert.equal(decision.reason === 'NotServedHere', !isCapable);
    return true;
  });
});

test('clients of a sidecar whose own server is out are answered by others, but for questions about that server', () => {
  always((setting, decision) => {
    const { snapshot, hint, request } = setting;
    if (snapshot.local === undefined || isConfined(setting) || snapshot.view !== 'merged') return false;
    if (isUsable(setting, snapshot.local)) return false;
    const others = [...snapshot.servers.keys()].some((position) => isUsable(setting, position));
    if (isAboutServer(request.path)) assert.equal(decision.reason, 'LocalServerNotReady');
    else if (others) assert.notEqual(decision.reason, 'NoServerReady');
    assert.ok(decision.kind === 'unavailable' || decision.server !== snapshot.local);
    return hint.preferred === snapshot.local;
  });
});

test('while the preferred server can be used, only a resource or group that it lacks is refused', () => {
  always((setting, decision) => {
    const { preferred } = setting.hint;
    if (preferred === undefined || !isUsable(setting, preferred)) return false;
    assert.notEqual(decision.reason, 'NoServerReady');
    return true;
  });
});

test('equal arguments give equal decisions, and are left as they were', () => {
  always(({ request, snapshot, hint }, decision) => {
    const before = structuredClone([request, snapshot.servers, [...hint.tried]]);
    assert.deepEqual(decide(request, snapshot, hint), decision);
    assert.deepEqual([request, snapshot.servers, [...hint.tried]], before);
    return true;
  });
});
