import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type AnswerMutation, type AnswerPlan, answerPlan, answerSteps } from './support/answer-conversation.ts';
import { ANSWER_MUTATIONS } from './support/answer-mutations.ts';
import { CLIENT_DIFFERENCES } from './support/client-differences.ts';
import { converseWithClient } from './support/client-outcome.ts';
import { DifferenceTable } from './support/compare-outcomes.ts';
import type { Step } from './support/conversation.ts';
import { complaint, playInLockstep } from './support/lockstep.ts';

/** Conversations per mutation, and of valid ones. `CONVERSATIONS=20` plays twenty times as many. */
const FACTOR = Number(process.env['CONVERSATIONS'] ?? '1');
const SEED = Number(process.env['SEED'] ?? '7');

const table = new DifferenceTable(CLIENT_DIFFERENCES);

async function compare(steps: readonly Step[], mutation?: string): Promise<void> {
  const [ours, theirs] = await Promise.all([converseWithClient('own'), converseWithClient('node')]);
  const found = await playInLockstep(ours, theirs, steps);
  const unlike = complaint(table, found, steps, mutation);
  assert.ok(unlike === undefined, unlike);
}

const mutated = (mutation: AnswerMutation): fc.Arbitrary<AnswerPlan> =>
  answerPlan.filter((planned) => answerSteps(planned, mutation) !== undefined);

test('both engines read valid answers of a server alike', async () => {
  const property = fc.asyncProperty(answerPlan, (planned) => compare(answerSteps(planned) ?? []));
  await fc.assert(property, { seed: SEED, numRuns: 100 * FACTOR });
});

for (const [name, mutation] of Object.entries(ANSWER_MUTATIONS)) {
  test(`both engines judge a server alike: ${name}`, async () => {
    const property = fc.asyncProperty(mutated(mutation), (planned) =>
      compare(answerSteps(planned, mutation) ?? [], name),
    );
    await fc.assert(property, { seed: SEED, numRuns: 3 * FACTOR });
  });
}

test('every known difference between the engines still shows', () => {
  assert.deepEqual(
    table.stale.map(({ mutations, where, why }) => `${mutations?.join(', ') ?? 'any'}: ${where} (${why})`),
    [],
  );
});
