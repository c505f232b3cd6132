import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { DifferenceTable } from './support/compare-outcomes.ts';
import { clientSteps, type Mutation, type Plan, plan, type Step } from './support/conversation.ts';
import { FIELD_MUTATIONS } from './support/field-mutations.ts';
import { FRAME_MUTATIONS } from './support/frame-mutations.ts';
import { complaint, playInLockstep } from './support/lockstep.ts';
import { SERVER_DIFFERENCES } from './support/server-differences.ts';
import { startServerUnderTest } from './support/server-outcome.ts';

/** Conversations per mutation, and of valid ones. `CONVERSATIONS=20` plays twenty times as many. */
const FACTOR = Number(process.env['CONVERSATIONS'] ?? '1');
const SEED = Number(process.env['SEED'] ?? '7');

const own = await startServerUnderTest('own');
const node = await startServerUnderTest('node');
after(() => Promise.all([own.listener.close(0), node.listener.close(0)]));
const table = new DifferenceTable(SERVER_DIFFERENCES);

async function compare(steps: readonly Step[], mutation?: string): Promise<void> {
  const [ours, theirs] = await Promise.all([own.converse(), node.converse()]);
  const found = await playInLockstep(ours, theirs, steps);
  const unlike = complaint(table, found, steps, mutation);
  assert.ok(unlike === undefined, unlike);
}

const mutated = (mutation: Mutation): fc.Arbitrary<Plan> =>
  plan.filter((planned) => clientSteps(planned, mutation) !== undefined);

test('both engines answer valid conversations of a client alike', async () => {
  const property = fc.asyncProperty(plan, (planned) => compare(clientSteps(planned) ?? []));
  await fc.assert(property, { seed: SEED, numRuns: 150 * FACTOR });
});

for (const [name, mutation] of Object.entries({ ...FRAME_MUTATIONS, ...FIELD_MUTATIONS })) {
  test(`both engines judge a client alike: ${name}`, async () => {
    const property = fc.asyncProperty(mutated(mutation), (planned) =>
      compare(clientSteps(planned, mutation) ?? [], name),
    );
    await fc.assert(property, { seed: SEED, numRuns: 4 * FACTOR });
  });
}

test('every known difference between the engines still shows', () => {
  assert.deepEqual(
    table.stale.map(({ mutations, where, why }) => `${mutations?.join(', ') ?? 'any'}: ${where} (${why})`),
    [],
  );
});
