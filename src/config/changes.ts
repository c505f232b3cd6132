import { isDeepStrictEqual } from 'node:util';
import { configurationFields } from './fields.ts';
import { formatPath, valueAt } from './path.ts';
import type { Configuration } from './schema.ts';

/** Names of the fields whose values differ although only a restart can change them. */
export function changesForRestart(before: Configuration, after: Configuration): readonly string[] {
  return configurationFields
    .filter(({ path, reload }) => !reload && !path.includes('[]'))
    .filter(({ path }) => !isDeepStrictEqual(valueAt(before, path), valueAt(after, path)))
    .map(({ path }) => formatPath(path));
}
