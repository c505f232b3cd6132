import type { ApiObject } from '../../api-object.ts';
import { badRequest, invalid } from '../api-error.ts';
import type { ApiRequest } from '../api-request.ts';
import { patchObject } from '../patch/patch.ts';
import type { AnswerForm } from './answer-form.ts';
import { invalidValue } from './field-problems.ts';
import { FieldValidator } from './field-validator.ts';
import { isObject, type SentObject, timestamp } from './object-meta.ts';
import { patchType, refusedPatch } from './patch.ts';
import { requestObject } from './request-object.ts';
import type { ResourceOptions } from './resource-options.ts';
import { SCALE, scaled, scaleOf } from './scale-object.ts';
import { namespaceOf, requiredEntry } from './stored-object.ts';
import { requireSameObject } from './update.ts';
import { updateObject } from './update-object.ts';
import { writeOptions } from './write-options.ts';

/** The subresource `scale` of anything with replicas: get, update and patch of an autoscaling/v1 Scale. */
export async function scale(context: ResourceOptions, request: ApiRequest, answer: AnswerForm): Promise<void> {
  const { type, info } = request;
  const { name, verb } = info;
  const namespace = namespaceOf(request);
  if (verb === 'get') {
    const { value } = requiredEntry(context.store, type, namespace, name);
    return answer.object(200, scaleOf(type, value));
  }

  const options = writeOptions(request, verb === 'update' ? 'UpdateOptions' : 'PatchOptions');
  const body = await request.body();
  const fields = await FieldValidator.of(context, request, SCALE, options.fieldValidation);
  const sent = verb === 'update' ? await requestObject(request, SCALE, fields) : undefined;
  const entry = requiredEntry(context.store, type, namespace, name);
  const wanted = sent ?? patchedScale(context, request, body, fields, scaleOf(type, entry.value));
  requireSameObject(wanted, namespace, name);
  const replicas = replicasOf(wanted);
  const { resourceVersion = entry.value.metadata.resourceVersion } = wanted.metadata;
  const revise = (current: ApiObject): SentObject => ({
    ...scaled(type, current, replicas),
    metadata: { ...current.metadata, resourceVersion },
  });
  const object = updateObject(context, { type, entry, subresource: 'scale', options, operation: 'Update', revise });
  answer.object(200, scaleOf(type, object));
}

function patchedScale(
  context: ResourceOptions,
  request: ApiRequest,
  body: Buffer,
  fields: FieldValidator,
  current: ApiObject,
): SentObject {
  const contentType = patchType(request);
  const { subresources, custom, ...type } = request.type;
  const patched = patchObject({
    contentType,
    body,
    current,
    type: { ...type, ...SCALE, subresources, custom: undefined },
    fieldManager: '',
    force: undefined,
    now: timestamp(context.clock()),
    subresource: 'scale',
  });
  return fields.validated(patched, refusedPatch(contentType, body, patched));
}

function replicasOf({ metadata, spec }: SentObject): number {
  const replicas = isObject(spec) ? (spec['replicas'] ?? 0) : 0;
  if (!Number.isSafeInteger(replicas)) {
    throw badRequest('Scale in version "v1" cannot be handled as a Scale: spec.replicas is no integer');
  }
  const count = Number(replicas);
  if (count >= 0) return count;
  const cause = invalidValue('spec.replicas', count, 'must be greater than or equal to 0');
  throw invalid(SCALE.group, SCALE.kind, metadata.name ?? '', [cause]);
}
