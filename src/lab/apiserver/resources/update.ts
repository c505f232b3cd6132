import type { Entry } from '../../store/store.ts';
import { badRequest, conflict, notFound } from '../api-error.ts';
import type { ApiRequest } from '../api-request.ts';
import type { AnswerForm } from './answer-form.ts';
import { createObject } from './create-object.ts';
import { FieldValidator } from './field-validator.ts';
import { rulesOf } from './kind-rules.ts';
import type { SentObject } from './object-meta.ts';
import { requestObject } from './request-object.ts';
import type { ResourceOptions } from './resource-options.ts';
import { keyOf, namespaceOf } from './stored-object.ts';
import { updateObject } from './update-object.ts';
import { writeOptions } from './write-options.ts';

/**
 * Replaces an object by that of the body, or its part that the request's subresource stands for. Throws ApiError 404 when
 * it is absent, unless its kind may be created in this way.
 */
export async function update(context: ResourceOptions, request: ApiRequest, answer: AnswerForm): Promise<void> {
  const { type, info } = request;
  const { name, subresource } = info;
  const namespace = namespaceOf(request);
  const options = writeOptions(request, 'UpdateOptions');
  const fields = await FieldValidator.of(context, request, type, options.fieldValidation);
  const sent = await requestObject(request, type, fields);
  requireSameObject(sent, namespace, name);

  const entry = context.store.get(keyOf(type, namespace, name));
  if (entry === undefined) {
    if (subresource !== '' || !rulesOf(type).createOnUpdate) throw notFound(type, name);
    answer.object(201, createObject(context, { type, namespace, sent, options, operation: 'Update' }));
    return;
  }
  requireSameUid(request, entry, sent);
  const object = updateObject(context, { type, entry, subresource, options, operation: 'Update', revise: () => sent });
  answer.object(200, object);
}

/** Throws ApiError 400 unless `sent` is the object, or of the namespace, that the path names. */
export function requireSameObject({ metadata }: SentObject, namespace: string, name: string): void {
  if (metadata.namespace !== undefined && namespace !== '' && metadata.namespace !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  if (metadata.name === undefined) {
    throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
  }
  if (metadata.name !== name) {
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`);
  }
}

function requireSameUid({ type, info }: ApiRequest, { key, value }: Entry, { metadata }: SentObject): void {
  if (metadata.uid === undefined || metadata.uid === value.metadata.uid) return;
  const mismatch = `Precondition failed: UID in precondition: ${metadata.uid}, UID in object meta: ${value.metadata.uid}`;
  throw conflict(
    type,
    info.name,
    `StorageError: invalid object, Code: 4, Key: /registry/${key}, ResourceVersion: 0, AdditionalErrorMsg: ${mismatch}`,
  );
}
