import { fieldValue } from '../../../wire/fields.ts';
import { invalid } from '../api-error.ts';
import type { ApiRequest } from '../api-request.ts';
import { forbiddenValue, invalidValue, requiredValue, unsupportedValue } from './field-problems.ts';

/** What becomes of fields that a kind does not have. */
export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';

/** `metav1.CreateOptions`, `UpdateOptions` and `PatchOptions`, as far as they matter here. */
export interface WriteOptions {
  readonly dryRun: boolean;
  /** Who the fields belong to; the first part of the User-Agent unless the request names somebody. */
  readonly fieldManager: string;
  /** Of an apply; undefined when the query does not say. */
  readonly force: boolean | undefined;
  readonly fieldValidation: FieldValidation;
}

const VALIDATIONS: readonly string[] = ['', 'Ignore', 'Strict', 'Warn'];
const MAX_MANAGER = 128;
const PRINTABLE = /^[^\p{C}\p{Zl}\p{Zp}]*$/u;

/** Reads them of the query. Throws ApiError 422 as kube-apiserver's validation of options does. */
export function writeOptions(
  { query, exchange }: ApiRequest,
  kind: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions',
  isApply = false,
): WriteOptions {
  const dryRun = query.getAll('dryRun');
  const manager = query.get('fieldManager') ?? '';
  const force = query.get('force');
  const validation = query.get('fieldValidation') ?? '';
  const causes = dryRunProblems(dryRun);
  if (isApply && manager === '') causes.push(requiredValue('fieldManager', 'is required for apply patch'));
  if (!isApply && kind === 'PatchOptions' && force !== null) {
    causes.push(forbiddenValue('force', 'may not be specified for non-apply patch'));
  }
  if (Buffer.byteLength(manager) > MAX_MANAGER) {
    const message = `Too long: may not be more than ${MAX_MANAGER} bytes`;
    causes.push({ reason: 'FieldValueTooLong', message, field: 'fieldManager' });
  }
  if (!PRINTABLE.test(manager))
    causes.push(invalidValue('fieldManager', manager, 'should only contain printable characters'));
  if (!VALIDATIONS.includes(validation)) {
    causes.push(unsupportedValue('fieldValidation', validation, VALIDATIONS));
  }
  if (causes.length > 0) throw invalid('meta.k8s.io', kind, '', causes);
  return {
    dryRun: dryRun.length > 0,
    fieldManager: manager === '' ? agentOf(fieldValue(exchange.head.fields, 'user-agent') ?? '') : manager,
    force: force === null ? undefined : isTrue(force),
    fieldValidation: validation === 'Ignore' || validation === 'Strict' ? validation : 'Warn',
  };
}

export const dryRunProblems = (dryRun: readonly string[]) =>
  dryRun.every((each) => each === 'All') ? [] : [unsupportedValue('dryRun', dryRun, ['All'])];

/** A boolean of a query: true unless absent, `0` or `false` (apimachinery pkg/runtime/conversion.go). */
export function isTrue(value: string | null): boolean {
  return value !== null && value !== '0' && value.toLowerCase() !== 'false';
}

/** `kubectl/v1.37.2 (linux/amd64)` → `kubectl` (prefixFromUserAgent in apiserver pkg/endpoints/handlers). */
function agentOf(userAgent: string): string {
  const name = userAgent.split('/', 1)[0] ?? '';
  return [...name]
    .filter((character) => PRINTABLE.test(character))
    .join('')
    .slice(0, MAX_MANAGER);
}
