import type { ApiHandler, ApiRequest } from '../api-request.ts';
import { AnswerForm } from './answer-form.ts';
import { create } from './create.ts';
import { deleteOne } from './delete.ts';
import { deleteCollection } from './delete-collection.ts';
import { get } from './get.ts';
import { list } from './list.ts';
import { patch } from './patch.ts';
import { bindPod, evictPod } from './pod-subresources.ts';
import { notImplemented } from './refusals.ts';
import type { ResourceOptions } from './resource-options.ts';
import { scale } from './scale.ts';
import { namespaceOf, requiredEntry } from './stored-object.ts';
import { update } from './update.ts';
import { watch } from './watch.ts';

export type { ResourceOptions };

type Answer = (context: ResourceOptions, request: ApiRequest, form: AnswerForm) => Promise<void>;

const BY_VERB: Readonly<Record<string, Answer>> = {
  get,
  list,
  watch,
  create,
  update,
  patch,
  delete: deleteOne,
  deletecollection: deleteCollection,
};

/** Subresources that are a part of the object itself: they are read and written as the object is. */
const PARTS: Readonly<Record<string, Answer>> = { get, update, patch };

/**
 * Answers every request for a resource that has objects in the store, of those that the dispatcher found a route for.
 * Rejects with the ApiErrors of kube-apiserver, and with a 501 for what discovery lists but the lab does not do.
 */
export function createResourceHandler(options: ResourceOptions): ApiHandler {
  return async (request) => {
    const answer = answerOf(options, request);
    await answer(options, request, new AnswerForm(options, request));
  };
}

function answerOf({ store }: ResourceOptions, request: ApiRequest): Answer {
  const { type, info } = request;
  const { verb, subresource, name } = info;
  const answer = subresource === '' ? BY_VERB[verb] : subresourceAnswer(type.resource, subresource, verb);
  // Types that cannot be read, such as reviews and bindings, are questions to the server and have no objects.
  if (!type.verbs.includes('get')) throw notImplemented(type, verb, subresource);
  if (answer !== undefined) return answer;
  // Whatever would be done with it, an object that is absent is missed first.
  if (subresource !== '') requiredEntry(store, type, namespaceOf(request), name);
  throw notImplemented(type, verb, subresource);
}

function subresourceAnswer(resource: string, subresource: string, verb: string): Answer | undefined {
  switch (subresource) {
    case 'status':
      return PARTS[verb];
    case 'scale':
      return scale;
    case 'finalize':
      return resource === 'namespaces' ? PARTS[verb] : undefined;
    case 'binding':
      return resource === 'pods' ? bindPod : undefined;
    case 'eviction':
      return resource === 'pods' ? evictPod : undefined;
    default:
      return undefined;
  }
}
