import { fields, items, text } from './json-view.ts';

export const NONE = '<none>';
export const UNSET = '<unset>';

/** `a=b,c=d` in the order of keys, `<none>` for none (apimachinery labels.FormatLabels). */
export function labelsText(labels: Readonly<Record<string, unknown>>): string {
  const pairs = Object.keys(labels).sort();
  return pairs.length === 0 ? NONE : pairs.map((key) => `${key}=${labels[key]}`).join(',');
}

/** A `metav1.LabelSelector` in the selector language, '' for one that selects everything or nothing. */
export function selectorText(selector: unknown): string {
  const requirements: { readonly key: string; readonly text: string }[] = [];
  for (const [key, value] of Object.entries(fields(selector, 'matchLabels'))) {
    requirements.push({ key, text: `${key}=${value}` });
  }
  for (const expression of items(selector, 'matchExpressions')) {
    const key = text(expression, 'key');
    requirements.push({ key, text: expressionText(key, expression) });
  }
  requirements.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return requirements.map((requirement) => requirement.text).join(',');
}

function expressionText(key: string, expression: unknown): string {
  const values = [...items(expression, 'values')].map(String).sort().join(',');
  switch (text(expression, 'operator')) {
    case 'In':
      return `${key} in (${values})`;
    case 'NotIn':
      return `${key} notin (${values})`;
    case 'DoesNotExist':
      return `!${key}`;
    default:
      return key;
  }
}

/** The first `shown` of a list; `empty` for none. `total` counts what was not listed too. */
export function shortened(list: readonly string[], shown: number, empty: string, total = list.length): string {
  const joined = list.slice(0, shown).join(',');
  if (list.length > shown) return `${joined} + ${total - shown} more...`;
  return joined === '' ? empty : joined;
}

/** Names and images of the containers at `path`. */
export const containerNames = (object: unknown, path: string) => joinedTexts(items(object, path), 'name');
export const containerImages = (object: unknown, path: string) => joinedTexts(items(object, path), 'image');

export function joinedTexts(list: readonly unknown[], field: string): string {
  return list.map((each) => text(each, field)).join(',');
}
