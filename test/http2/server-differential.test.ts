import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { DifferenceTable, disparities } from './support/compare-outcomes.ts';
import { clientSteps, type Mutation, type Plan, plan, type Step, step } from './support/conversation.ts';
import { FIELD_MUTATIONS } from './support/field-mutations.ts';
import { FRAME_MUTATIONS } from './support/frame-mutations.ts';
import { complaint, playInLockstep } from './support/lockstep.ts';
import { Dice, pieces } from './support/mutated-octets.ts';
import { PINNED_PLANS } from './support/pinned-plans.ts';
import { SERVER_DIFFERENCES } from './support/server-differences.ts';
import { type ServerOutcome, startServerUnderTest } from './support/server-outcome.ts';

/** Conversations per mutation, and of valid ones. `CONVERSATIONS=20` plays twenty times as many. */
const FACTOR = Number(process.env['CONVERSATIONS'] ?? '1');
const SEED = Number(process.env['SEED'] ?? '7');

/** What one engine answers and the other does not must not leave less of the connection to the rest. */
const AMPLE = 10_000_000;

const own = await startServerUnderTest('own');
const node = await startServerUnderTest('node');
after(() => Promise.all([own.listener.close(0), node.listener.close(0)]));
const table = new DifferenceTable(SERVER_DIFFERENCES);

async function compare(steps: readonly Step[], credit: number, mutation?: string): Promise<void> {
  const [ours, theirs] = await Promise.all([own.converse(credit), node.converse(credit)]);
  const found = await playInLockstep(ours, theirs, steps);
  const unlike = complaint(table, found, steps, mutation);
  assert.ok(unlike === undefined, unlike);
}

function pinned(name: string): [Plan][] {
  const planned = PINNED_PLANS[name];
  return planned === undefined ? [] : [[planned]];
}

const mutated = (mutation: Mutation): fc.Arbitrary<Plan> =>
  plan.filter((planned) => clientSteps(planned, mutation) !== undefined);

test('both engines answer valid conversations of a client alike', async () => {
  const property = fc.asyncProperty(plan, (planned) => compare(clientSteps(planned) ?? [], 0));
  await fc.assert(property, { seed: SEED, numRuns: 100 * FACTOR, examples: pinned('') });
});

test('both engines answer valid conversations alike that arrive at once and in any pieces', async () => {
  // What a client resets may or may not have been answered by then.
  const lasting = fc.record({ planned: plan, seed: fc.nat() }).map(({ planned, seed }) => ({
    steps:
      clientSteps({
        ...planned,
        ops: planned.ops.filter(({ op }) => op !== 'reset'),
      }) ?? [],
    seed,
  }));
  const property = fc.asyncProperty(lasting, async ({ steps, seed }) => {
    const octets = Buffer.concat(steps.map((each) => each.octets));
    const parts = pieces(octets, new Dice(seed)).map((piece) => step('octets', piece));
    const [ours, theirs] = await Promise.all([own.converse(AMPLE), node.converse(AMPLE)]);
    await Promise.all([ours.playAtOnce(parts), theirs.playAtOnce(parts)]);
    const [a, b] = await Promise.all([ours.end(), theirs.end()]);
    const unlike = complaint(table, disparities(lastingParts(a), lastingParts(b)), steps, undefined);
    assert.ok(unlike === undefined, unlike);
  });
  await fc.assert(property, { seed: SEED, numRuns: 60 * FACTOR });
});

/** Without what depends on how far an engine has read when it answers. */
function lastingParts({ connection, streams }: ServerOutcome): object {
  const answers = Object.entries(streams).map(([id, said]) => [
    id,
    said.replace(/(, end)?, RST_STREAM (NO_ERROR|STREAM_CLOSED)$/, ', end'),
  ]);
  return { connection, streams: Object.fromEntries(answers) };
}

for (const [name, mutation] of Object.entries({ ...FRAME_MUTATIONS, ...FIELD_MUTATIONS })) {
  test(`both engines judge a client alike: ${name}`, async () => {
    const property = fc.asyncProperty(mutated(mutation), (planned) =>
      compare(clientSteps(planned, mutation) ?? [], AMPLE, name),
    );
    await fc.assert(property, { seed: SEED, numRuns: 3 * FACTOR, examples: pinned(name) });
  });
}

test('every known difference between the engines still shows', () => {
  assert.deepEqual(
    table.stale.map(({ mutations, where, why }) => `${mutations?.join(', ') ?? 'any'}: ${where} (${why})`),
    [],
  );
});
