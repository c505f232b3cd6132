import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { DifferenceTable, disparities, report } from './support/compare-outcomes.ts';
import { clientSteps, type Mutation, type Plan, plan, type Step } from './support/conversation.ts';
import { FIELD_MUTATIONS } from './support/field-mutations.ts';
import { FRAME_MUTATIONS } from './support/frame-mutations.ts';
import { SERVER_DIFFERENCES } from './support/server-differences.ts';
import { type ServerOutcome, startServerUnderTest } from './support/server-outcome.ts';

/** Conversations per mutation, and of valid ones. `CONVERSATIONS=20` plays twenty times as many. */
const FACTOR = Number(process.env['CONVERSATIONS'] ?? '1');
const SEED = Number(process.env['SEED'] ?? '7');

const own = await startServerUnderTest('own');
const node = await startServerUnderTest('node');
after(() => Promise.all([own.listener.close(0), node.listener.close(0)]));
const table = new DifferenceTable(SERVER_DIFFERENCES);

async function compare(steps: readonly Step[], mutation?: string): Promise<void> {
  const outcomes = [await own.play(steps), await node.play(steps)] as const;
  const found = table.unexplained(disparities(...comparable(...outcomes)), mutation);
  assert.equal(found.length, 0, report(steps, found));
}

/** A connection that only one engine ended: what was under way then is no difference of its own. */
function comparable(a: ServerOutcome, b: ServerOutcome): [object, object] {
  const ends = [a.connection.kind, b.connection.kind];
  return ends[0] === ends[1] ? [a, b] : [{ connection: a.connection }, { connection: b.connection }];
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
