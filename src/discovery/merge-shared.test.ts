import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DiscoveryMerge, type MergedDiscovery, type MergeInput, mergeDiscovery } from './merge.ts';
import { discoveries } from './testing/discovery-arbitrary.ts';
import { discoveryOf } from './testing/discovery-of.ts';

const inputsOf = (documents: fc.Arbitrary<MergeInput['discovery']>): fc.Arbitrary<MergeInput[]> =>
  fc.uniqueArray(
    fc.record({
      server: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
      version: fc.constantFrom(undefined, { major: 1, minor: 36, patch: 0 }, { major: 1, minor: 37, patch: 0 }),
      ready: fc.boolean(),
      fresh: fc.boolean(),
      discovery: documents,
    }),
    { selector: ({ server }) => server, maxLength: 6 },
  );

/** Inputs step by step, of few documents and groups that are shared by many. */
const steps = fc.array(discoveries, { minLength: 1, maxLength: 3 }).chain((documents) => {
  const one = fc.constantFrom(...documents);
  const shared = fc.oneof(
    one,
    fc.tuple(one, one).map(([{ api }, { apis }]) => ({ api, apis })),
  );
  return fc.array(inputsOf(shared), { minLength: 1, maxLength: 4 });
});

function merged(merge: DiscoveryMerge, inputs: readonly MergeInput[]): MergedDiscovery {
  const running = merge.steps(inputs);
  for (;;) {
    const step = running.next();
    if (step.done) return step.value;
  }
}

test('that servers share objects, and what was merged before, changes nothing of the result', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const merge = new DiscoveryMerge();
      for (const inputs of all) {
        const copies = inputs.map((input) => ({ ...input, discovery: structuredClone(input.discovery) }));
        assert.deepEqual(merged(merge, inputs), mergeDiscovery(copies));
      }
    }),
    { numRuns: 300 },
  );
});

const input = (server: string, discovery: MergeInput['discovery'], ready = true): MergeInput => ({
  server,
  version: { major: 1, minor: 37, patch: 0 },
  ready,
  fresh: true,
  discovery,
});

test('a group that nobody describes otherwise than before is the same object in the next result', () => {
  const document = discoveryOf({ 'a/v1': { as: ['get'] }, 'b/v1': { bs: ['get'] } });
  const [a] = document.apis;
  assert.ok(a);
  const changed = { api: document.api, apis: [a, ...discoveryOf({ 'b/v1': { bs: ['get', 'list'] } }).apis] };
  const merge = new DiscoveryMerge();
  const before = merged(merge, [input('x', document), input('y', document)]);
  const after = merged(merge, [input('x', document, false), input('y', changed)]);
  assert.equal(after.apis[0], before.apis[0]);
  assert.notEqual(after.apis[1], before.apis[1]);
});

test('a step is one group, whatever the number of servers', () => {
  const document = discoveryOf({ v1: { pods: ['get'] }, 'a/v1': { as: ['get'] }, 'b/v1': { bs: ['get'] } });
  const inputs = Array.from({ length: 50 }, (_, i) => input(`server-${i}`, document));
  assert.equal([...new DiscoveryMerge().steps(inputs)].length, 3);
});
