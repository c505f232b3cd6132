import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type AnswerMutation, type AnswerPlan, answerPlan, answerSteps } from './support/answer-conversation.ts';
import { ANSWER_MUTATIONS } from './support/answer-mutations.ts';
import { CLIENT_DIFFERENCES } from './support/client-differences.ts';
import { type ClientOutcome, playToClient } from './support/client-outcome.ts';
import { DifferenceTable, disparities, report } from './support/compare-outcomes.ts';
import type { Step } from './support/conversation.ts';

/** Conversations per mutation, and of valid ones. `CONVERSATIONS=20` plays twenty times as many. */
const FACTOR = Number(process.env['CONVERSATIONS'] ?? '1');
const SEED = Number(process.env['SEED'] ?? '7');

const table = new DifferenceTable(CLIENT_DIFFERENCES);

async function compare(steps: readonly Step[], mutation?: string): Promise<void> {
  const outcomes = [await playToClient('own', steps), await playToClient('node', steps)] as const;
  const found = table.unexplained(disparities(...comparable(...outcomes)), mutation);
  assert.equal(found.length, 0, report(steps, found));
}

/** A connection that only one engine ended: what was under way then is no difference of its own. */
function comparable(a: ClientOutcome, b: ClientOutcome): [object, object] {
  const ends = [a.connection.kind, b.connection.kind];
  return ends[0] === ends[1] ? [a, b] : [{ connection: a.connection }, { connection: b.connection }];
}

const mutated = (mutation: AnswerMutation): fc.Arbitrary<AnswerPlan> =>
  answerPlan.filter((planned) => answerSteps(planned, mutation) !== undefined);

test('both engines read valid answers of a server alike', async () => {
  const property = fc.asyncProperty(answerPlan, (planned) => compare(answerSteps(planned) ?? []));
  await fc.assert(property, { seed: SEED, numRuns: 150 * FACTOR });
});

for (const [name, mutation] of Object.entries(ANSWER_MUTATIONS)) {
  test(`both engines judge a server alike: ${name}`, async () => {
    const property = fc.asyncProperty(mutated(mutation), (planned) =>
      compare(answerSteps(planned, mutation) ?? [], name),
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
