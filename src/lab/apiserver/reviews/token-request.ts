import type { ApiObject } from '../../api-object.ts';
import { type Store, storeKey } from '../../store/store.ts';
import { conflict, invalid, notFound } from '../api-error.ts';
import type { ApiHandler } from '../api-request.ts';
import { type BoundObject, ISSUER, type ServiceAccountTokens } from '../authentication/service-account-tokens.ts';
import { answerJson } from '../resources/answer.ts';
import { invalidValue } from './access-review.ts';
import { objectOf, reviewObject, textOf, textsOf } from './review-object.ts';

const TYPE = { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' };
const SERVICE_ACCOUNTS = { group: '', resource: 'serviceaccounts' };
const DEFAULT_SECONDS = 3600;
const MIN_SECONDS = 600;
const MAX_SECONDS = 2 ** 32;
const BOUND = { Pod: 'pods', Secret: 'secrets', Node: 'nodes' } as const;

/** Answers a POST to `serviceaccounts/NAME/token` (kubernetes pkg/registry/core/serviceaccount/storage/token.go). */
export function tokenRequest(store: Store, tokens: ServiceAccountTokens, clock: () => number): ApiHandler {
  return async (request) => {
    const { namespace, name } = request.info;
    const { apiVersion, kind, spec } = await reviewObject(request, TYPE);
    const expirationSeconds = Number(spec['expirationSeconds'] ?? DEFAULT_SECONDS);
    if (!(expirationSeconds >= MIN_SECONDS))
      throw badDuration(expirationSeconds, 'may not specify a duration less than 10 minutes');
    if (expirationSeconds > MAX_SECONDS)
      throw badDuration(expirationSeconds, 'may not specify a duration larger than 2^32 seconds');
    const account = store.get(storeKey('', 'serviceaccounts', namespace, name))?.value;
    if (account === undefined) throw notFound(SERVICE_ACCOUNTS, name);
    const asked = textsOf(spec['audiences']);
    const audiences = asked.length === 0 ? [ISSUER] : asked;
    const bound = boundObject(store, namespace, spec['boundObjectRef']);
    const { token, expiresAt } = tokens.mint({ account, audiences, expirationSeconds, bound });
    answerJson(request.exchange, 201, {
      kind,
      apiVersion,
      metadata: { name, namespace, uid: account.metadata.uid, creationTimestamp: timestamp(clock()) },
      spec: { audiences, expirationSeconds, boundObjectRef: spec['boundObjectRef'] ?? null },
      status: { token, expirationTimestamp: timestamp(expiresAt) },
    });
  };
}

function boundObject(store: Store, namespace: string, reference: unknown): BoundObject | undefined {
  if (reference === undefined || reference === null) return undefined;
  const { kind, name, uid } = objectOf(reference);
  if (kind !== 'Pod' && kind !== 'Secret' && kind !== 'Node') {
    throw invalid(TYPE.group, TYPE.kind, '', [
      invalidValue('spec.boundObjectRef.kind', kind, 'must be Pod, Secret or Node'),
    ]);
  }
  const resource = BOUND[kind];
  const found: ApiObject | undefined = store.get(
    storeKey('', resource, kind === 'Node' ? '' : namespace, textOf(name)),
  )?.value;
  if (found === undefined) throw notFound({ group: '', resource }, textOf(name));
  if (textOf(uid) !== '' && uid !== found.metadata.uid) {
    const why = `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`;
    throw conflict({ group: '', resource }, textOf(name), why);
  }
  return { kind, name: found.metadata.name, uid: found.metadata.uid };
}

function badDuration(value: number, what: string) {
  return invalid(TYPE.group, TYPE.kind, '', [invalidValue('spec.expirationSeconds', value, what)]);
}

function timestamp(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}
