import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { cases } from './cases/cases.ts';
import type { ContractTarget } from './contract-target.ts';
import { Clients, Conversation, type Utterance } from './conversation.ts';
import { type Difference, differences, judged } from './differences.ts';
import { type KnownDifference, knownDifferences } from './known-differences.ts';
import { withoutListRevisions } from './list-revisions.ts';
import { type RecordedAnswers, recordedAnswers } from './recorded-answers.ts';

export { knownDifferences } from './known-differences.ts';

export interface ContractOptions {
  /** Gets what the server said in each case instead of comparing it: how the truth is recorded of a real server. */
  readonly record?: (answers: RecordedAnswers) => void;
}

/**
 * The behaviour that every API server of a lab shares with a real kube-apiserver of its version. Each case is one
 * conversation with the server; what the server says must be what the real one said, but for `knownDifferences`.
 * Written once and run against both, so that it also proves that the recorded answers are still those of the real one.
 */
export function contractSuite(
  name: string,
  startTarget: () => Promise<ContractTarget>,
  { record }: ContractOptions = {},
): void {
  describe(name, () => {
    const said = new Map<string, readonly Utterance[]>();
    const unneeded: KnownDifference[] = [];
    let target: ContractTarget;
    let clients: Clients;
    let recorded: RecordedAnswers;
    before(async () => {
      target = await startTarget();
      clients = new Clients(target);
      recorded = record === undefined ? recordedAnswers(target.version) : new Map();
    });
    after(async () => {
      if (said.size === cases.length) record?.(said);
      await clients?.close();
      await target?.close();
    });

    for (const { id, title, talk } of cases) {
      it(`${title} (${id})`, async () => {
        const conversation = new Conversation(clients, target.version, `contract-${id}`);
        const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: conversation.namespace } };
        const made = await conversation.quietly({ method: 'POST', path: '/api/v1/namespaces', body: namespace });
        assert.equal(made.status, 201, made.text);
        await talk(conversation);
        said.set(id, conversation.transcript);
        if (record !== undefined) return;
        const expected = recorded.get(id);
        assert.ok(expected !== undefined, `nothing is recorded of ${target.version} for ${id}`);
        const judgement = judged(found(target, conversation.transcript, expected), known(target, id));
        unneeded.push(...judgement.unneeded);
        assert.deepEqual(judgement.unexpected, []);
      });
    }

    it('differs wherever it is known to differ', () => {
      assert.deepEqual(unneeded, [], 'these known differences are none any more; take them from the list');
    });
  });
}

function known({ kind, version }: ContractTarget, id: string): readonly KnownDifference[] {
  if (kind === 'real') return [];
  return knownDifferences.filter((one) => one.id === id && (one.versions?.includes(version) ?? true));
}

/**
 * A real server writes into its store by itself now and then, which nothing of a conversation shows but the revisions of lists:
 * where they are not as recorded, everything else still has to be.
 */
function found(
  { kind }: ContractTarget,
  said: readonly Utterance[],
  expected: readonly Utterance[],
): readonly Difference[] {
  const exact = differences(said, expected);
  if (kind !== 'real' || exact.length === 0) return exact;
  return differences(withoutListRevisions(said), withoutListRevisions(expected));
}
