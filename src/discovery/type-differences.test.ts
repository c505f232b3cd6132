import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ServerDiscovery } from './server-discovery.ts';
import { discoveries } from './testing/discovery-arbitrary.ts';
import { discoveryOf } from './testing/discovery-of.ts';
import { recordedDiscovery } from './testing/recorded-discovery.ts';
import { typeDifferences } from './type-differences.ts';

test('servers of one document do not differ, and nobody does not differ from nobody', () => {
  const one = recordedDiscovery('1.37.2');
  for (const servers of [[], [one], [one, one], [one, recordedDiscovery('1.37.2')]]) {
    assert.deepEqual(typeDifferences(servers), { groupVersions: 0, resources: 0 });
  }
});

test('a group-version that some lack counts with its resources, and a resource that some lack alone', () => {
  const some = discoveryOf({ v1: { pods: ['get'] }, 'apps/v1': { deployments: ['get'], new: ['get'] } });
  const others = discoveryOf({ v1: { pods: ['get'] }, 'apps/v1': { deployments: ['list'] }, 'x/v1': { y: [], z: [] } });
  assert.deepEqual(typeDifferences([some, others, some]), { groupVersions: 1, resources: 3 });
});

const typesOf = ({ api, apis }: ServerDiscovery) =>
  [...api, ...apis].flatMap(({ metadata, versions = [] }) =>
    versions.map(({ version, resources = [] }) => ({
      groupVersion: `${metadata.name}/${version}`,
      resources: resources.map(({ resource }) => `${metadata.name}/${version}/${resource}`),
    })),
  );

test('what differs is the union without what all have', () => {
  fc.assert(
    fc.property(fc.array(discoveries, { minLength: 1, maxLength: 4 }), (servers) => {
      const differing = (namesOf: (server: ServerDiscovery) => readonly string[]) => {
        const sets = servers.map((server) => new Set(namesOf(server)));
        const union = new Set(sets.flatMap((names) => [...names]));
        return [...union].filter((name) => !sets.every((names) => names.has(name))).length;
      };
      assert.deepEqual(typeDifferences(servers), {
        groupVersions: differing((server) => typesOf(server).map(({ groupVersion }) => groupVersion)),
        resources: differing((server) => typesOf(server).flatMap(({ resources }) => resources)),
      });
    }),
  );
});
