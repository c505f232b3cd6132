import { groupVersion } from '../../api-object.ts';
import type { ApiRequest } from '../api-request.ts';
import type { AnswerForm } from './answer-form.ts';
import { deleteObject } from './delete-object.ts';
import { deleteOptions } from './delete-options.ts';
import { listOptions } from './list-options.ts';
import type { ResourceOptions } from './resource-options.ts';
import { selectionOf } from './selection.ts';
import { asVersion, collectionPrefix } from './stored-object.ts';

/** Deletes every selected object of a collection and answers the list of them, in the states they had. */
export async function deleteCollection(
  context: ResourceOptions,
  request: ApiRequest,
  answer: AnswerForm,
): Promise<void> {
  const { store, watchList = true } = context;
  const { type, query } = request;
  const options = await deleteOptions(request);
  const { limit } = listOptions(query, false, watchList);
  const selection = selectionOf(request);
  const { entries, revision } = store.range(collectionPrefix(request));
  const selected = entries.filter(({ value }) => selection.matches(value));
  const doomed = limit > 0 ? selected.slice(0, limit) : selected;
  for (const entry of doomed) deleteObject(context, type, entry, options);
  answer.list({
    kind: type.listKind,
    apiVersion: groupVersion(type),
    metadata: { resourceVersion: String(revision) },
    items: doomed.map(({ value }) => asVersion(type, value)),
  });
}
