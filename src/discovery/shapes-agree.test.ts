import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { parseAggregatedDiscovery } from '../kubernetes/aggregated-discovery.ts';
import { parseServerVersion } from '../kubernetes/kube-version.ts';
import { aggregateResourceList } from '../kubernetes/legacy-conversion.ts';
import { parseAPIGroupList, parseAPIResourceList } from '../kubernetes/legacy-discovery.ts';
import { RECORDED, recordedText } from '../kubernetes/testing/recorded-documents.ts';
import { type MergeInput, mergeDiscovery } from './merge.ts';
import { type PublishedDiscovery, type PublishedRepresentations, publishDiscovery } from './published-discovery.ts';
import { serverDiscovery } from './server-discovery.ts';
import { mergeInputs } from './testing/discovery-arbitrary.ts';
import { factsOfAggregated, factsOfUnaggregated, flatFacts } from './testing/plain-facts.ts';

/** What one server answered on `/api` and `/apis`, byte for byte. */
interface Documents {
  readonly name: string;
  readonly gitVersion: string;
  readonly api: string;
  readonly apis: string;
}

const FIXTURES = RECORDED.map((version): Documents => {
  const { gitVersion } = JSON.parse(recordedText(version, 'version.json'));
  const [api, apis] = [recordedText(version, 'api-v2.json'), recordedText(version, 'apis-v2.json')];
  return { name: version, gitVersion, api, apis };
});

const SHIPPED_URL = new URL('../../recordings/', import.meta.url);
const SHIPPED = readdirSync(SHIPPED_URL)
  .filter((name) => /^\d/.test(name))
  .map((version): Documents => {
    const read = (file: string) => readFileSync(new URL(`${version}/${file}`, SHIPPED_URL), 'utf8');
    const { gitVersion } = JSON.parse(read('version.json'));
    return { name: `${version} as shipped`, gitVersion, api: read('api.json'), apis: read('apis.json') };
  });

/** Each with a type of its own, so that no document holds all there is. */
function inputOf({ name, gitVersion, api, apis }: Documents): MergeInput & { readonly texts: readonly string[] } {
  const own = JSON.parse(apis);
  own.items.push({
    metadata: { name: 'own.example' },
    versions: [
      {
        version: `v${name.replace(/\D/g, '')}beta${name.length}`,
        resources: [
          {
            resource: 'things',
            responseKind: { group: 'own.example', version: 'v1', kind: 'Thing' },
            scope: 'Namespaced',
            singularResource: 'thing',
            verbs: ['get', 'list'],
            shortNames: ['th'],
            categories: ['all'],
            subresources: [{ subresource: 'status', responseKind: { kind: 'Thing' }, verbs: ['get'] }],
          },
        ],
        freshness: 'Current',
      },
    ],
  });
  const texts = [api, JSON.stringify(own)];
  const [core = [], groups = []] = texts.map((text) => parseAggregatedDiscovery(JSON.parse(text)).items);
  return {
    server: name,
    version: parseServerVersion(gitVersion),
    ready: true,
    fresh: true,
    discovery: serverDiscovery(core, groups),
    texts,
  };
}

const text = ({ identity }: PublishedRepresentations) => Buffer.from(identity).toString();

function unaggregated(published: PublishedDiscovery, path: string): string | undefined {
  const root = path.startsWith('/apis') ? '/apis' : '/api';
  const document = published[root].unaggregated.get(path);
  return document && text(document);
}

/** Asserts that every shape says the same, and returns what v2 says. */
function assertAgreement(published: PublishedDiscovery) {
  const v2 = [published['/api'].v2, published['/apis'].v2].map(text);
  const v2beta1 = [published['/api'].v2beta1, published['/apis'].v2beta1].map(text);
  const facts = factsOfAggregated(v2);
  assert.deepEqual(factsOfAggregated(v2beta1), facts, 'v2beta1');
  assert.deepEqual(factsOfAggregated(v2beta1, true), factsOfAggregated(v2, true), 'v2beta1, completely');
  const core = facts.versions.get('') ?? [];
  assert.deepEqual(
    factsOfUnaggregated(core, (path) => unaggregated(published, path)),
    facts,
    'unaggregated documents',
  );
  return { facts, everything: factsOfAggregated(v2, true) };
}

function assertNothingLost(everything: ReadonlySet<string>, texts: readonly (readonly string[])[]): void {
  const served = new Set(texts.flatMap((documents) => [...flatFacts(factsOfAggregated(documents, true))]));
  assert.deepEqual(everything, served);
}

describe('all shapes agree, and lose nothing, for', () => {
  const all = [...FIXTURES, ...SHIPPED];
  const combinations = all.flatMap((first, i) => [
    [first],
    ...all
      .slice(i + 1)
      .flatMap((second, j) => [[first, second], ...all.slice(i + j + 2).map((third) => [first, second, third])]),
  ]);
  assert.equal(combinations.length, 6 + 15 + 20);

  for (const combination of combinations) {
    test(combination.map(({ name }) => name).join(' and '), async () => {
      const inputs = combination.map(inputOf);
      const published = await publishDiscovery(mergeDiscovery(inputs));
      const { facts, everything } = assertAgreement(published);
      assertNothingLost(
        flatFacts(everything),
        inputs.map(({ texts }) => texts),
      );
      assert.equal(facts.versions.get('own.example')?.length, new Set(inputs.map(({ server }) => server)).size);
      assert.deepEqual(facts.resources, everything.resources, 'nothing is Stale');
      for (const root of ['/api', '/apis'] as const) {
        for (const document of [published[root].v2, published[root].v2beta1]) {
          assert.deepEqual(gunzipSync(document.gzip), document.identity, 'compressed');
          assert.deepEqual(JSON.parse(Buffer.from(document.pretty).toString()), JSON.parse(text(document)), 'pretty');
        }
      }
    });
  }
});

/*
 * What unaggregated documents cannot say: which core version is preferred, that a version is Stale (it has no list then), a scope other than Namespaced and
 * Cluster, accepted types of a subresource, a group without versions, and a resource that is there only to hold
 * subresources. `factsOfAggregated` leaves exactly these out.
 */
test('all shapes agree, and lose nothing, whatever servers serve', async () => {
  await fc.assert(
    fc.asyncProperty(mergeInputs, async (inputs) => {
      const published = await publishDiscovery(mergeDiscovery(inputs));
      const { everything } = assertAgreement(published);
      const texts = await Promise.all(
        inputs.map(async ({ discovery }) => {
          const own = await publishDiscovery(discovery);
          return [text(own['/api'].v2), text(own['/apis'].v2)];
        }),
      );
      assertNothingLost(flatFacts(everything), texts);
    }),
  );
});

test('all shapes read back as they were merged, whatever servers serve', async () => {
  await fc.assert(
    fc.asyncProperty(mergeInputs, async (inputs) => {
      const { conflicts: _, ...merged } = mergeDiscovery(inputs);
      const published = await publishDiscovery(merged);
      for (const version of ['v2', 'v2beta1'] as const) {
        const read = (root: '/api' | '/apis') =>
          parseAggregatedDiscovery(JSON.parse(text(published[root][version]))).items;
        assert.deepEqual(serverDiscovery(read('/api'), read('/apis')), merged);
      }
      const { groups } = parseAPIGroupList(JSON.parse(unaggregated(published, '/apis') ?? ''));
      assert.deepEqual(
        groups.map(({ name, versions }) => [name, versions.map(({ version }) => version)]),
        merged.apis
          .filter(({ versions = [] }) => versions.length > 0)
          .map(({ metadata, versions = [] }) => [metadata.name, versions.map(({ version }) => version)]),
      );
      for (const { metadata, versions = [] } of [...merged.api, ...merged.apis]) {
        for (const { version, resources = [], freshness } of versions) {
          const path = metadata.name === '' ? `/api/${version}` : `/apis/${metadata.name}/${version}`;
          const list = unaggregated(published, path);
          assert.equal(list === undefined, freshness === 'Stale', path);
          if (list === undefined) continue;
          const back = aggregateResourceList(version, parseAPIResourceList(JSON.parse(list)));
          assert.deepEqual(
            new Map((back.resources ?? []).map(({ resource, verbs }) => [resource, verbs])),
            new Map(resources.map(({ resource, verbs }) => [resource, verbs])),
          );
        }
      }
    }),
  );
});
