import { failureStatus } from '../../../kubernetes/status.ts';
import type { JsonObject } from '../../api-object.ts';
import { ApiError } from '../api-error.ts';
import { FIELD, fieldSet, pathsOf } from './field-set.ts';
import { isList, isObject } from './json.ts';
import { elementOf, ListItemError } from './list-items.ts';
import type { Shape } from './shape.ts';

/** Why a configuration cannot be applied although it is well-formed: list items without keys, or with equal ones. */
export function applyProblem(configuration: JsonObject, shape: Shape): ApiError | undefined {
  const problems = [...problemsOf(configuration, shape, '')];
  if (problems.length === 0) return undefined;
  const metadata = configuration['metadata'];
  const text = (name: string) => (isObject(metadata) ? String(metadata[name] ?? '') : '');
  const list = problems.length === 1 ? problems[0] : `errors:\n${problems.map((problem) => `  ${problem}`).join('\n')}`;
  const message = `failed to create typed patch object (${text('namespace')}/${text('name')}; ${groupVersionKind(configuration)}): ${list}`;
  return new ApiError(failureStatus(500, '', message));
}

/** As Go prints a GroupVersionKind: `apps/v1, Kind=Deployment`, `/v1, Kind=Pod`. */
export function groupVersionKind({ apiVersion = '', kind = '' }: JsonObject): string {
  const text = String(apiVersion);
  return `${text.includes('/') || text === '' ? text || '/' : `/${text}`}, Kind=${kind}`;
}

function* problemsOf(value: unknown, shape: Shape, path: string): Generator<string> {
  if (isObject(value)) {
    if (shape.atomic) return;
    for (const [name, item] of Object.entries(value)) yield* problemsOf(item, shape.field(name), `${path}.${name}`);
  } else if (isList(value) && shape.list.kind !== 'atomic') {
    const seen = new Set<string>();
    for (const [at, item] of value.entries()) {
      try {
        const element = elementOf(item, shape);
        const [name = ''] = pathsOf(fieldSet(false, [[element, FIELD]]));
        if (seen.has(element)) yield `${path}: duplicate entries for key ${name}`;
        else yield* problemsOf(item, shape.items, `${path}${name}`);
        seen.add(element);
      } catch (error) {
        if (!(error instanceof ListItemError)) throw error;
        yield `${path}: element ${at}: ${error.message}`;
      }
    }
  }
}
