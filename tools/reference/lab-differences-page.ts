import { knownDifferences } from '../../test/contract/known-differences.ts';
import { code, page, table } from './markdown.ts';

/** `lab-differences.md`: where embedded servers answer otherwise than real ones. */
export function labDifferencesPage(): string {
  const byReason = Map.groupBy(knownDifferences, ({ reason }) => reason);
  const rows = [...byReason].map(([reason, places]) => [
    reason,
    [...new Set(places.map(({ id, path }) => `${code(id)}: ${code(path)}`))].join('<br>'),
  ]);
  return page(
    '# Embedded and real API servers',
    'Generated from `test/contract/known-differences.ts`; edit that, then run the generator in `tools/reference`.',
    [
      'The contract suite puts the same questions to embedded servers and to real kube-apiservers and compares the answers, head and',
      'body. These are all the places where they differ, each with its reason. A difference that is gone has to leave the list, or the',
      'suite fails. [The lab](../lab.md) says in words what embedded servers leave out.',
    ].join('\n'),
    table(['What differs', 'Case and place in the answer'], rows),
  );
}
