import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type PublishedDiscovery, type PublishedRoot, publishDiscovery } from '../discovery/published-discovery.ts';
import { discoveryOf } from '../discovery/testing/discovery-of.ts';
import { mergedFindings } from './merged-documents.ts';
import type { Shape } from './shape.ts';

const WITH = discoveryOf({ v1: { pods: ['get'] }, 'example.com/v1': { widgets: ['get'] } });
const WITHOUT = discoveryOf({ v1: { pods: ['get'] } });
const TYPE = { group: 'example.com', version: 'v1', resource: 'widgets' };

async function states(change: (whole: PublishedRoot, lacking: PublishedRoot) => PublishedRoot) {
  const [whole, lacking] = await Promise.all([publishDiscovery(WITH), publishDiscovery(WITHOUT)]);
  const published: PublishedDiscovery = { ...whole, '/apis': change(whole['/apis'], lacking['/apis']) };
  const openapiV3 = { kind: 'read', value: ['apis/example.com/v1'] } as const;
  const findings = mergedFindings({ published, openapiV3 }, TYPE);
  return [...findings].filter(([, { state }]) => state === 'missing').map(([shape]) => shape);
}

const withoutPath = (path: string) => (whole: PublishedRoot) => ({
  ...whole,
  unaggregated: new Map([...whole.unaggregated].filter(([key]) => key !== path)),
});

for (const [shape, change] of [
  ['v2', (whole, lacking) => ({ ...whole, v2: lacking.v2 })],
  ['v2beta1', (whole, lacking) => ({ ...whole, v2beta1: lacking.v2beta1 })],
  ['root', withoutPath('/apis')],
  ['group', withoutPath('/apis/example.com')],
  ['version', withoutPath('/apis/example.com/v1')],
] as const satisfies readonly (readonly [Shape, (whole: PublishedRoot, lacking: PublishedRoot) => PublishedRoot])[]) {
  test(`${shape} is judged by its own document`, async () => {
    assert.deepEqual(await states(change), [shape]);
  });
}

test('of whole documents nothing is missing', async () => {
  assert.deepEqual(await states((whole) => whole), []);
});

test('the OpenAPI index is judged by its own paths', async () => {
  const published = await publishDiscovery(WITH);
  const findings = mergedFindings({ published, openapiV3: { kind: 'read', value: ['apis/apps/v1'] } }, TYPE);
  assert.equal(findings.get('openapiV3')?.state, 'missing');
});
