import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareApiVersions, compareServerVersions } from '../kubernetes/kube-version.ts';
import { type MergeInput, mergeDiscovery } from './merge.ts';
import type { ServerDiscovery } from './server-discovery.ts';
import { discoveries, mergeInputs } from './testing/discovery-arbitrary.ts';
import { entrySet } from './testing/entries.ts';

const content = ({ api, apis }: ServerDiscovery) => JSON.stringify({ api, apis });

test('the order of the inputs does not matter', () => {
  const permuted = mergeInputs.chain((inputs) =>
    fc.tuple(fc.constant(inputs), fc.shuffledSubarray([...inputs], { minLength: inputs.length })),
  );
  fc.assert(
    fc.property(permuted, ([inputs, shuffled]) => {
      assert.equal(JSON.stringify(mergeDiscovery(shuffled)), JSON.stringify(mergeDiscovery(inputs)));
    }),
  );
});

test('merging the result in again, as a server of any age, changes nothing', () => {
  const version = fc.option(
    fc.record({ major: fc.constant(1), minor: fc.integer({ min: 33, max: 38 }), patch: fc.constant(0) }),
    {
      nil: undefined,
    },
  );
  fc.assert(
    fc.property(mergeInputs, version, fc.constantFrom('s0', 's2+', 's5'), (inputs, age, server) => {
      const merged = mergeDiscovery(inputs);
      const again = mergeDiscovery([...inputs, { server, version: age, ready: true, fresh: true, discovery: merged }]);
      assert.equal(content(again), content(merged));
    }),
  );
});

test('everything any server serves is in the result, once, and nothing else is', () => {
  fc.assert(
    fc.property(mergeInputs, (inputs) => {
      const merged = mergeDiscovery(inputs);
      assert.deepEqual(entrySet(merged), entrySet(...inputs.map((input) => input.discovery)));
      assert.deepEqual(
        [...lists(merged)].filter(([, names]) => new Set(names).size !== names.length),
        [],
      );
    }),
  );
});

test("the newest server's order is kept", () => {
  fc.assert(
    fc.property(mergeInputs, (inputs) => {
      const merged = new Map(lists(mergeDiscovery(inputs)));
      for (const [place, names] of lists(newest(inputs)?.discovery ?? { api: [], apis: [] })) {
        assert.deepEqual(
          merged.get(place)?.filter((name) => names.includes(name)),
          names,
          place,
        );
      }
    }),
  );
});

test('versions come in the order of preference if the newest server with the group has them so', () => {
  fc.assert(
    fc.property(mergeInputs, (inputs) => {
      for (const [leading, merged] of versionOrders(inputs)) {
        if (!isByPreference(leading)) continue;
        assert.ok(isByPreference(merged), merged.join());
      }
    }),
  );
});

test('an alpha version precedes a beta or stable one only if the newest server with the group has it so', () => {
  fc.assert(
    fc.property(mergeInputs, (inputs) => {
      for (const [leading, merged] of versionOrders(inputs)) {
        for (const [i, alpha] of merged.entries()) {
          if (!alpha.includes('alpha')) continue;
          for (const later of merged.slice(i + 1).filter((name) => /^v\d+(beta\d+)?$/.test(name))) {
            assert.ok(leading.includes(alpha) && leading.includes(later), merged.join());
          }
        }
      }
    }),
  );
});

/** For each group, the versions as the newest server that has it lists them, and as they are merged. */
function versionOrders(
  inputs: readonly MergeInput[],
): (readonly [leading: readonly string[], merged: readonly string[]])[] {
  return mergeDiscovery(inputs).apis.map(({ metadata: { name }, versions = [] }) => {
    const leader = newest(
      inputs.filter(({ discovery }) => discovery.apis.some(({ metadata }) => metadata.name === name)),
    );
    const group = leader?.discovery.apis.find(({ metadata }) => metadata.name === name);
    return [(group?.versions ?? []).map(({ version }) => version), versions.map(({ version }) => version)];
  });
}

function isByPreference(versions: readonly string[]): boolean {
  return versions.every((version, i) => i === 0 || compareApiVersions(versions[i - 1] ?? '', version) < 0);
}

test('a group-version is Current exactly if a ready and fresh server says so', () => {
  fc.assert(
    fc.property(mergeInputs, (inputs) => {
      const merged = mergeDiscovery(inputs);
      const vouching = inputs.filter(({ ready, fresh }) => ready && fresh);
      const current = new Set(vouching.flatMap((input) => freshnessOf(input.discovery, 'Current')));
      assert.deepEqual(new Set(freshnessOf(merged, 'Current')), current);
      const all = new Set(
        inputs.flatMap((input) => ['Current', 'Stale'].flatMap((word) => freshnessOf(input.discovery, word))),
      );
      assert.deepEqual(new Set(freshnessOf(merged, 'Stale')), new Set([...all].filter((place) => !current.has(place))));
    }),
  );
});

test('servers that agree merge to what each of them serves', () => {
  fc.assert(
    fc.property(discoveries, fc.integer({ min: 1, max: 4 }), (served, count) => {
      const inputs = Array.from({ length: count }, (_, i) => ({
        server: `s${i}`,
        version: undefined,
        ready: true,
        fresh: true,
        discovery: served,
      }));
      assert.equal(content(mergeDiscovery(inputs)), content(served));
      assert.deepEqual(mergeDiscovery(inputs).conflicts, []);
    }),
  );
});

test('a scope conflict is reported exactly where servers differ, with what each says', () => {
  fc.assert(
    fc.property(mergeInputs, (inputs) => {
      const said = new Map<string, { server: string; value: string }[]>();
      for (const { server, discovery } of inputs) {
        for (const [place, entry] of resourcesOf(discovery)) {
          // An entry without a kind describes nothing, unless no server has one.
          if (!entry.responseKind?.kind) continue;
          said.set(place, [...(said.get(place) ?? []), { server, value: entry.scope }]);
        }
      }
      const expected = [...said].filter(([, values]) => values.some(({ value }) => value !== values[0]?.value));
      const reported = mergeDiscovery(inputs)
        .conflicts.filter(({ field }) => field === 'scope')
        .map(({ group, version, resource, values }) => [JSON.stringify([group, version, resource]), values] as const)
        .filter(([place]) => said.has(place));
      assert.deepEqual(byPlace(reported), byPlace(expected));
    }),
  );
});

function byPlace(conflicts: Iterable<readonly [place: string, values: readonly { server: string; value: string }[]]>) {
  const inOrder = (values: readonly { server: string; value: string }[]) =>
    [...values].sort((left, right) => (left.server < right.server ? -1 : 1));
  return new Map([...conflicts].map(([place, values]) => [place, inOrder(values)]));
}

function newest(inputs: readonly MergeInput[]): MergeInput | undefined {
  return [...inputs].sort((left, right) => {
    if (left.version === undefined || right.version === undefined) {
      return (
        Number(left.version === undefined) - Number(right.version === undefined) ||
        (left.server < right.server ? -1 : 1)
      );
    }
    return compareServerVersions(right.version, left.version) || (left.server < right.server ? -1 : 1);
  })[0];
}

/** Every list of names in a document with the place it stands at. */
function* lists({ api, apis }: ServerDiscovery): Generator<readonly [place: string, names: readonly string[]]> {
  yield ['api', api.map(({ metadata }) => metadata.name)];
  yield ['apis', apis.map(({ metadata }) => metadata.name)];
  for (const { metadata, versions = [] } of [...api, ...apis]) {
    yield [JSON.stringify([metadata.name]), versions.map(({ version }) => version)];
    for (const { version, resources = [] } of versions) {
      yield [JSON.stringify([metadata.name, version]), resources.map(({ resource }) => resource)];
      for (const { resource, subresources = [] } of resources) {
        yield [JSON.stringify([metadata.name, version, resource]), subresources.map(({ subresource }) => subresource)];
      }
    }
  }
}

function* resourcesOf({ api, apis }: ServerDiscovery) {
  for (const { metadata, versions = [] } of [...api, ...apis]) {
    for (const { version, resources = [] } of versions) {
      for (const entry of resources) yield [JSON.stringify([metadata.name, version, entry.resource]), entry] as const;
    }
  }
}

function freshnessOf({ api, apis }: ServerDiscovery, wanted: string): readonly string[] {
  return [...api, ...apis].flatMap(({ metadata, versions = [] }) =>
    versions
      .filter(({ freshness }) => freshness === wanted)
      .map(({ version }) => JSON.stringify([metadata.name, version])),
  );
}
