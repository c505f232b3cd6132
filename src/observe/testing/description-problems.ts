import { METRICS } from '../metrics/metric-topics.ts';
import { parseExposition } from './exposition.ts';

/** What of a scrape is not as the tables of metrics describe it, in words: names, types, labels and their values. */
export function descriptionProblems(text: string): readonly string[] {
  const { samples, types } = parseExposition(text);
  const problems = new Set<string>();
  for (const [name, type] of types) {
    const described = METRICS[name]?.type;
    if (described !== type) problems.add(`${name} is a ${type}, and described as ${described ?? 'nothing'}`);
  }
  for (const { name, labels } of samples) {
    const family = types.has(name) ? name : name.replace(/_(bucket|sum|count)$/, '');
    const wanted = METRICS[family]?.labels;
    if (wanted === undefined || !types.has(family)) {
      problems.add(`${name} is not described`);
      continue;
    }
    const { le, ...own } = labels;
    if (le !== undefined && !name.endsWith('_bucket')) problems.add(`${name} has the label le`);
    const missing = Object.keys(wanted).filter((label) => !(label in own));
    if (missing.length > 0) problems.add(`${name} lacks ${missing.join(', ')}`);
    for (const [label, value] of Object.entries(own)) {
      const values = wanted[label];
      if (values === undefined) problems.add(`${name} has the label ${label}`);
      else if (typeof values !== 'string' && !values.includes(value)) problems.add(`${name}: ${label} is ${value}`);
    }
  }
  return [...problems];
}
