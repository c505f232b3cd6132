import type { ConfigurationField, JsonSchema } from '../../src/config/fields.ts';
import { code } from './markdown.ts';

/** As operators write the path: `servers[].url`. */
export function fieldPath({ path }: Pick<ConfigurationField, 'path'>): string {
  return path.join('.').replaceAll('.[]', '[]');
}

/** What values are possible, for example `whole number, 1 to 65535`. */
export function valueText({ kind, filePath, schema }: ConfigurationField): string {
  switch (kind) {
    case 'servers':
      return 'list of servers';
    case 'list':
      return 'list of texts';
    case 'boolean':
      return 'true or false';
    case 'duration':
      return `number of seconds${range(schema)}; in the flag also a duration such as \`1m30s\``;
    case 'number':
      return `${schema.type === 'integer' ? 'whole number' : 'number'}${range(schema)}`;
    case 'text':
      if (schema.const !== undefined) return `always ${code(String(schema.const))}`;
      if (schema.pattern?.startsWith('^https://')) return 'URL that begins with https://';
      return filePath ? 'path of a file' : 'text';
  }
}

/** `undefined`: none. */
export function defaultText({ defaultValue }: ConfigurationField): string | undefined {
  if (defaultValue === undefined) return undefined;
  if (!Array.isArray(defaultValue)) return code(String(defaultValue));
  return defaultValue.length === 0 ? 'empty' : defaultValue.map((item) => code(String(item))).join(', ');
}

function range({ minimum, maximum }: JsonSchema): string {
  const bounded = maximum !== undefined && maximum !== Number.MAX_SAFE_INTEGER;
  if (minimum === undefined) return bounded ? `, at most ${maximum}` : '';
  return bounded ? `, ${minimum} to ${maximum}` : `, at least ${minimum}`;
}
