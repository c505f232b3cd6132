import { tooLargeResourceVersion } from '../api-error.ts';
import type { ApiRequest } from '../api-request.ts';
import type { AnswerForm } from './answer-form.ts';
import { badRevision, revisionOf } from './list-options.ts';
import { unclassified } from './refusals.ts';
import type { ResourceOptions } from './resource-options.ts';
import { asVersion, namespaceOf, requiredEntry } from './stored-object.ts';

/** Answers one object, always its newest state. Throws ApiError 404, or 504 for a resourceVersion that lies ahead. */
export async function get({ store }: ResourceOptions, request: ApiRequest, answer: AnswerForm): Promise<void> {
  const { type, info, query } = request;
  requireReached(store.revision, query.get('resourceVersion') ?? '');
  const { value } = requiredEntry(store, type, namespaceOf(request), info.name);
  answer.object(200, asVersion(type, value));
}

function requireReached(current: number, resourceVersion: string): void {
  const revision = revisionOf(resourceVersion);
  if (revision === undefined) throw unclassified(badRevision(resourceVersion));
  if (revision > current) throw tooLargeResourceVersion(revision, current);
}
