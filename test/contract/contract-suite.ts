import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { cases } from './cases/cases.ts';
import type { ContractTarget } from './contract-target.ts';
import { Clients, Conversation, type Utterance } from './conversation.ts';
import { type Difference, differences, judged } from './differences.ts';
import { isObject } from './json.ts';
import { type KnownDifference, knownDifferences } from './known-differences.ts';
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
        const judgement = judged(differences(conversation.transcript, expected), known(target, id));
        unneeded.push(...judgement.unneeded);
        const { unexpected } = judgement;
        assert.deepEqual(
          target.kind === 'real' ? withoutOwnWrites(unexpected, conversation.transcript) : unexpected,
          [],
        );
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
 * A real server writes into its store by itself now and then, which nothing of a conversation shows but the revision of a list:
 * from there on revisions are later ones than recorded.
 */
function withoutOwnWrites(found: readonly Difference[], said: readonly Utterance[]): readonly Difference[] {
  const first = found[0];
  const body = first && said[first.answer - 1]?.body;
  const isOfList = first?.path === 'body.metadata.resourceVersion' && isObject(body) && Array.isArray(body['items']);
  return isOfList ? found.filter((one) => !isLaterRevision(one)) : found;
}

function isLaterRevision({ path, said, expected }: Difference): boolean {
  const numberOf = (value: unknown) => Number(/^<revision (\d+)>$/.exec(String(value))?.[1]);
  return path.endsWith('metadata.resourceVersion') && numberOf(said) > numberOf(expected);
}
