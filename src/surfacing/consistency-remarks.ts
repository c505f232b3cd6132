import { type Case, isInTablesOf, remark, type ServerView, serversText, typeText, verb } from './remark.ts';
import { MERGED_SHAPES, SHAPES } from './shape.ts';
import type { Remark } from './surfacing-report.ts';

/** Where documents contradict each other: a server's own, the proxy's tables, the merged view. */
export function consistencyRemarks(found: Case): readonly Remark[] {
  return [...stale(found), ...tables(found), ...ownShapes(found), ...mergedView(found)];
}

function stale({ views, merged, sought }: Case): readonly Remark[] {
  const isExplained = views.some(({ findings }) => findings.get('apiService')?.state === 'stale');
  if (merged.get('v2')?.state !== 'stale' || isExplained) return [];
  return [
    remark('Stale', [], `The merged view lists ${typeText(sought)} as Stale: no ready server vouches for it now.`),
  ];
}

/** The difference between what servers say now and what the proxy routes by. */
function tables({ views, sought }: Case): readonly Remark[] {
  const text = typeText(sought);
  return views.flatMap((view): readonly Remark[] => {
    const { name, discoveryAgeSeconds: age } = view.evidence.server;
    const read = age === undefined ? 'was never read' : `was read ${age.toFixed(1)} s ago`;
    const unknown = `and the proxy does not know that yet: its discovery ${read}`;
    const isKnown = isInTablesOf(view, sought);
    if ((view.served === 'served' || view.served === 'stale') && !isKnown) {
      return [remark('NotInTables', [view], `${name} serves ${text}, ${unknown}.`)];
    }
    if (view.served === 'lacking' && isKnown) {
      return [remark('StillInTables', [view], `${name} does not serve ${text} any more, ${unknown}.`)];
    }
    return [];
  });
}

/** A missing APIService explains what unaggregated documents lack. */
function isExplained({ findings }: ServerView, shape: (typeof MERGED_SHAPES)[number]): boolean {
  return (shape === 'root' || shape === 'group') && findings.get('apiService')?.state === 'missing';
}

function ownShapes({ having, sought }: Case): readonly Remark[] {
  return MERGED_SHAPES.flatMap((shape): readonly Remark[] => {
    const without = having.filter(
      (view) => view.served === 'served' && view.findings.get(shape)?.state === 'missing' && !isExplained(view, shape),
    );
    if (without.length === 0) return [];
    const leaves = verb(without, 'leaves it out of its', 'leave it out of their');
    const serves = `${serversText(without)} ${verb(without, 'serves', 'serve')} ${typeText(sought)}`;
    return [remark('MissingInShape', without, `${serves} and ${leaves} own ${SHAPES[shape]}.`)];
  });
}

function mergedView({ having, merged, hasMergedView, sought }: Case): readonly Remark[] {
  if (!hasMergedView) {
    const effect = 'clients see their preferred server’s own view';
    return [remark('NoMergedView', [], `The proxy publishes no merged documents: ${effect}.`)];
  }
  const without = MERGED_SHAPES.filter((shape) => merged.get(shape)?.state === 'missing');
  if (without.length === 0 || having.length === 0) return [];
  const shapes = without.map((shape) => SHAPES[shape]).join(', ');
  return [remark('NotMerged', [], `What the proxy publishes lacks ${typeText(sought)} in: ${shapes}.`)];
}
