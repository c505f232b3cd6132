import { isInt64 } from '../../../kubernetes/int64.ts';
import type { StatusCause } from '../../../kubernetes/status.ts';
import { badRequest, invalid } from '../api-error.ts';
import type { ApiRequest } from '../api-request.ts';
import { invalidValue, unsupportedValue } from './field-problems.ts';
import { isObject } from './object-meta.ts';
import { notAnInteger } from './refusals.ts';
import { decodeBody } from './request-object.ts';
import { dryRunProblems, isTrue } from './write-options.ts';

/** `metav1.DeleteOptions`. */
export interface DeleteOptions {
  readonly dryRun: boolean;
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
  readonly orphanDependents: boolean | undefined;
  readonly propagationPolicy: 'Foreground' | 'Background' | 'Orphan' | undefined;
}

const POLICIES = ['Foreground', 'Background', 'Orphan'] as const;

/**
 * Reads the options of the body or, when there is none, of the query. Throws ApiError 400 for a body that is none, 415 for
 * another Content-Type than JSON or YAML, 422 for values that are not allowed.
 */
export async function deleteOptions(request: ApiRequest): Promise<DeleteOptions> {
  const body = await request.body();
  const sent = body.length === 0 ? ofQuery(request.query) : ofBody(request, body);
  const { dryRun, orphanDependents, propagationPolicy: policy, preconditions } = sent;
  const values: readonly unknown[] = Array.isArray(dryRun) ? dryRun : [];
  const causes: StatusCause[] = dryRunProblems(values.map(String));
  const known = POLICIES.find((each) => each === policy);
  if (policy !== undefined && policy !== null && policy !== '' && known === undefined) {
    causes.push(unsupportedValue('propagationPolicy', policy, [...POLICIES, 'nil']));
  } else if (known !== undefined && typeof orphanDependents === 'boolean') {
    const why = 'orphanDependents and deletionPropagation cannot be both set';
    causes.push(invalidValue('propagationPolicy', known, why));
  }
  if (causes.length > 0) throw invalid('meta.k8s.io', 'DeleteOptions', '', causes);
  const { uid, resourceVersion } = isObject(preconditions) ? preconditions : {};
  return {
    dryRun: values.length > 0,
    uid: typeof uid === 'string' ? uid : undefined,
    resourceVersion: typeof resourceVersion === 'string' ? resourceVersion : undefined,
    orphanDependents: typeof orphanDependents === 'boolean' ? orphanDependents : undefined,
    propagationPolicy: known,
  };
}

interface SentOptions {
  readonly dryRun?: unknown;
  readonly orphanDependents?: unknown;
  readonly propagationPolicy?: unknown;
  readonly preconditions?: unknown;
}

function ofBody(request: ApiRequest, body: Buffer): SentOptions {
  const value = decodeBody(request, body, 'DeleteOptions');
  if (value === null) return {};
  if (!isObject(value)) throw badRequest('the body of the request is no DeleteOptions object');
  const { kind } = value;
  if (kind !== undefined && kind !== 'DeleteOptions') {
    throw badRequest(`decoded object cannot be converted to DeleteOptions: it is a ${String(kind)}`);
  }
  return value;
}

function ofQuery(query: URLSearchParams): SentOptions {
  const seconds = query.get('gracePeriodSeconds') ?? '';
  if (seconds !== '' && !isInt64(seconds)) throw badRequest(notAnInteger(seconds, 'ParseInt'));
  const orphan = query.get('orphanDependents');
  return {
    dryRun: query.getAll('dryRun'),
    orphanDependents: orphan === null ? undefined : isTrue(orphan),
    propagationPolicy: query.get('propagationPolicy') ?? undefined,
  };
}
