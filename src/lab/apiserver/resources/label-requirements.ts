import { isInt64 } from '../../../kubernetes/int64.ts';
import { isLabelSelector } from '../../../kubernetes/label-selector.ts';

type Labels = Readonly<Record<string, string>>;

/** Whether labels satisfy a selector. */
export type LabelMatch = (labels: Labels) => boolean;

/** One requirement of a selector that is known to be valid: `!key`, `key`, `key op value`, `key in (a,b)`. */
const REQUIREMENT =
  /\s*(?<negated>!)?\s*(?<key>[^\s=!(),<>]+)\s*(?:(?<operator>==|!=|=|<|>)\s*(?<value>[^\s=!(),<>]*)|(?<set>in|notin)\s*\((?<values>[^)]*)\))?\s*(?:,|$)/gy;

/** Reads a label selector by the rules of apimachinery pkg/labels; undefined when it is none. '' selects everything. */
export function labelMatch(selector: string): LabelMatch | undefined {
  if (!isLabelSelector(selector)) return undefined;
  const requirements: LabelMatch[] = [];
  for (const { groups = {} } of selector.matchAll(REQUIREMENT)) requirements.push(requirement(groups));
  return (labels) => requirements.every((matches) => matches(labels));
}

function requirement({ negated, key = '', operator, value = '', set, values = '' }: Partial<Labels>): LabelMatch {
  const has = (labels: Labels) => Object.hasOwn(labels, key);
  if (set !== undefined) {
    const allowed = new Set(values.split(',').map((each) => each.trim()));
    const isIn = (labels: Labels) => has(labels) && allowed.has(labels[key] ?? '');
    return set === 'in' ? isIn : (labels) => !isIn(labels);
  }
  switch (operator) {
    case undefined:
      return negated === undefined ? has : (labels) => !has(labels);
    case '!=':
      return (labels) => labels[key] !== value;
    case '<':
    case '>':
      return (labels) => {
        const label = labels[key];
        if (label === undefined || !isInt64(label)) return false;
        return operator === '<' ? BigInt(label) < BigInt(value) : BigInt(label) > BigInt(value);
      };
    default:
      return (labels) => labels[key] === value;
  }
}
