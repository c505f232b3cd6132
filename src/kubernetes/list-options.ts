import { exactMatch } from './field-selector.ts';
import { isInt64 } from './int64.ts';
import { isLabelSelector } from './label-selector.ts';

/** The part of `metainternalversion.ListOptions` that decides about verb and name of a request. */
export interface ListOptions {
  readonly watch: boolean;
  /** Value that the field selector requires of metadata.name; '' if it requires none. */
  readonly name: string;
}

/**
 * Decodes the first values of a query as kube-apiserver's RequestInfo does. When a number or a selector is malformed,
 * kube-apiserver forgets the name and keeps `watch`. `resourceVersionMatch` and `continue` are free text at this point.
 */
export function listOptions(values: ReadonlyMap<string, string>): ListOptions {
  const watch = values.get('watch');
  const fieldSelector = values.get('fieldSelector');
  if (fieldSelector === undefined) return { watch: isTrue(watch), name: '' };

  const match = exactMatch(fieldSelector, 'metadata.name');
  const isValid =
    match.kind !== 'invalid' &&
    isInt64(values.get('limit') ?? '0') &&
    isInt64(values.get('timeoutSeconds') ?? '0') &&
    isLabelSelector(values.get('labelSelector') ?? '');
  if (!isValid || match.kind !== 'exact') return { watch: isTrue(watch), name: '' };
  return { watch: isTrue(watch), name: match.value };
}

/** Query parameters are true unless absent, `0` or `false` in any case (apimachinery pkg/runtime/conversion.go). */
function isTrue(value: string | undefined): boolean {
  return value !== undefined && value !== '0' && value.toLowerCase() !== 'false';
}
