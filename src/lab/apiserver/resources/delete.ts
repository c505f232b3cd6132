import type { ApiObject } from '../../api-object.ts';
import type { ApiRequest } from '../api-request.ts';
import type { AnswerForm } from './answer-form.ts';
import { deleteObject } from './delete-object.ts';
import { deleteOptions } from './delete-options.ts';
import { rulesOf } from './kind-rules.ts';
import { isNamespaces } from './namespace-finalizers.ts';
import { requireMortalNamespace } from './namespace-lifecycle.ts';
import type { ResourceOptions } from './resource-options.ts';
import { namespaceOf, requiredEntry } from './stored-object.ts';

/**
 * Deletes one object. Answers the object while finalizers keep it, and a Status, or for some kinds the last state, when it
 * is gone.
 */
export async function deleteOne(context: ResourceOptions, request: ApiRequest, answer: AnswerForm): Promise<void> {
  const { type, info } = request;
  const options = await deleteOptions(request);
  if (isNamespaces(type)) requireMortalNamespace(info.name);
  const entry = requiredEntry(context.store, type, namespaceOf(request), info.name);
  const deletion = deleteObject(context, type, entry, options);
  // 202 only where old clients ask by the deprecated field, as kube-apiserver does.
  if (deletion.kind === 'kept') return answer.object(options.orphanDependents === false ? 202 : 200, deletion.object);
  if (rulesOf(type).answersDeleted) return answer.object(200, deletion.last);
  answer.value(200, success(request, deletion.last));
}

function success({ type: { group, resource } }: ApiRequest, { metadata: { name, uid } }: ApiObject): unknown {
  const details = { name, ...(group !== '' && { group }), kind: resource, uid };
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
}
