import type { MetricTable } from '../../src/observe/metrics/metric-description.ts';

/** Functions and aggregations of PromQL that the dashboard and the rules use. */
const FUNCTIONS = new Set([
  'absent',
  'count',
  'histogram_quantile',
  'increase',
  'max',
  'min',
  'rate',
  'sum',
  'time',
  'topk',
  'vector',
]);
const WORDS = new Set(['and', 'or', 'unless', 'offset', 'bool', 'by', 'on', 'ignoring', 'without']);
/** Labels that Prometheus gives every target. */
const TARGET_LABELS = ['instance', 'job'];
const LABEL_LIST = /\b(?:by|on|without|ignoring|group_left|group_right)\s*\(([^)]*)\)/g;
const SELECTOR = /([a-zA-Z_:][\w:]*)\s*\{([^}]*)\}/g;
const MATCHER = /\s*([a-zA-Z_]\w*)\s*(=~|!~|=|!=)\s*"([^"]*)"\s*(?:,|$)/y;

/** What of a PromQL expression is none of the metrics of `table`, nor of their labels and values, in words. */
export function expressionProblems(expression: string, table: MetricTable): readonly string[] {
  const problems: string[] = [];
  const used = new Set<string>(TARGET_LABELS);
  const labelsOf = (name: string): readonly string[] | undefined => {
    const family = name in table ? name : name.replace(/_(bucket|sum|count)$/, '');
    const { type, labels } = table[family] ?? {};
    if (labels === undefined || (family !== name) !== (type === 'histogram')) return undefined;
    return [...Object.keys(labels), ...(name.endsWith('_bucket') ? ['le'] : [])];
  };
  const meet = (name: string): void => {
    const labels = labelsOf(name);
    if (labels === undefined) problems.push(`there is no metric ${name}`);
    for (const label of labels ?? []) used.add(label);
  };
  let rest = expression.replace(SELECTOR, (_, name: string, matchers: string) => {
    meet(name);
    problems.push(
      ...matcherProblems(name, matchers, [...(labelsOf(name) ?? []), ...TARGET_LABELS], table[name]?.labels),
    );
    return ' ';
  });
  const lists: string[] = [];
  rest = rest.replace(LABEL_LIST, (_, list: string) => {
    lists.push(...list.split(',').flatMap((label) => label.trim() || []));
    return ' ';
  });
  rest = rest.replace(/\[[^\]]*\]|"[^"]*"|\b\d[\w.]*/g, ' ');
  for (const [name, paren] of [...rest.matchAll(/([a-zA-Z_:][\w:]*)\s*(\()?/g)].map(([, one = '', two]) => [
    one,
    two,
  ])) {
    if (name === undefined || WORDS.has(name)) continue;
    if (paren === undefined) meet(name);
    else if (!FUNCTIONS.has(name)) problems.push(`${name} is no function that is used here`);
  }
  for (const label of lists) if (!used.has(label)) problems.push(`no metric in it has the label ${label}`);
  return problems;
}

function matcherProblems(
  name: string,
  matchers: string,
  labels: readonly string[],
  described: MetricTable[string]['labels'] | undefined,
): readonly string[] {
  const problems: string[] = [];
  MATCHER.lastIndex = 0;
  while (MATCHER.lastIndex < matchers.trimEnd().length) {
    const [, label = '', operator = '', value = ''] = MATCHER.exec(matchers) ?? [];
    if (label === '') return [...problems, `{${matchers}} cannot be read`];
    if (!labels.includes(label)) problems.push(`${name} has no label ${label}`);
    const values = described?.[label];
    if (values === undefined || typeof values === 'string' || value.startsWith('$')) continue;
    const wanted = operator.endsWith('~') ? value.split('|') : [value];
    for (const one of wanted) if (!values.includes(one)) problems.push(`${label} of ${name} is never ${one}`);
  }
  return problems;
}
