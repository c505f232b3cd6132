import { groupVersion } from '../../api-object.ts';
import type { ApiRequest } from '../api-request.ts';
import { answerList } from './answer-form.ts';
import { deleteObject } from './delete-object.ts';
import { deleteOptions } from './delete-options.ts';
import { listOptions } from './list-options.ts';
import { methodNotAllowed } from './refusals.ts';
import type { ResourceOptions } from './resource-options.ts';
import { selectionOf } from './selection.ts';
import { asVersion, collectionPrefix, namespaceOf } from './stored-object.ts';

/** Deletes every selected object of a collection and answers the list of them, in the states they had. */
export async function deleteCollection(context: ResourceOptions, request: ApiRequest): Promise<void> {
  const { store, watchList = true } = context;
  const { type, query } = request;
  if (type.namespaced && namespaceOf(request) === '') throw methodNotAllowed();
  const options = await deleteOptions(request);
  const { limit } = listOptions(query, false, watchList);
  const selection = selectionOf(request);
  const { entries, revision } = store.range(collectionPrefix(request));
  const selected = entries.filter(({ value }) => selection.matches(value));
  const doomed = limit > 0 ? selected.slice(0, limit) : selected;
  for (const entry of doomed) deleteObject(context, type, entry, options);
  answerList(request, {
    kind: type.listKind,
    apiVersion: groupVersion(type),
    metadata: { resourceVersion: String(revision) },
    items: doomed.map(({ value }) => asVersion(type, value)),
  });
}
