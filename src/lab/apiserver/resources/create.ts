import type { ApiRequest } from '../api-request.ts';
import { answerObject } from './answer-form.ts';
import { createObject } from './create-object.ts';
import { methodNotAllowed } from './refusals.ts';
import { requestObject } from './request-object.ts';
import type { ResourceOptions } from './resource-options.ts';
import { namespaceOf } from './stored-object.ts';
import { writeOptions } from './write-options.ts';

/** Creates the object of the body and answers it with 201. */
export async function create(context: ResourceOptions, request: ApiRequest): Promise<void> {
  const { type, info } = request;
  const namespace = namespaceOf(request);
  if (info.name !== '' || (type.namespaced && namespace === '')) throw methodNotAllowed();
  const options = writeOptions(request, 'CreateOptions');
  const sent = await requestObject(request, type);
  answerObject(request, 201, createObject(context, { type, namespace, sent, options, operation: 'Update' }));
}
