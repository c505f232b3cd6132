import type { ApiRequest } from '../api-request.ts';
import type { AnswerForm } from './answer-form.ts';
import { createObject } from './create-object.ts';
import { FieldValidator } from './field-validator.ts';
import { requestObject } from './request-object.ts';
import type { ResourceOptions } from './resource-options.ts';
import { namespaceOf } from './stored-object.ts';
import { writeOptions } from './write-options.ts';

/** Creates the object of the body and answers it with 201. */
export async function create(context: ResourceOptions, request: ApiRequest, answer: AnswerForm): Promise<void> {
  const { type } = request;
  const namespace = namespaceOf(request);
  const options = writeOptions(request, 'CreateOptions');
  const fields = await FieldValidator.of(context, request, type, options.fieldValidation);
  const sent = await requestObject(request, type, fields);
  answer.object(201, createObject(context, { type, namespace, sent, options, operation: 'Update' }));
}
