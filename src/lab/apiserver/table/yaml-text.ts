import { stringify } from 'yaml';

/** YAML text as kube-apiserver writes it: keys in order, strings quoted that an older YAML would take for something else. */
export function yamlText(value: unknown): string {
  return stringify(value, { version: '1.1', sortMapEntries: true, lineWidth: 0, indentSeq: false });
}
