import { fieldValue } from '../../../wire/fields.ts';
import { type ApiObject, groupVersion } from '../../api-object.ts';
import { type ApiError, invalid, notFound } from '../api-error.ts';
import type { ApiRequest } from '../api-request.ts';
import { goFormat } from '../patch/go-format.ts';
import { patchObject } from '../patch/patch.ts';
import { parseYaml } from '../patch/yaml.ts';
import type { AnswerForm } from './answer-form.ts';
import { createObject } from './create-object.ts';
import { invalidValue } from './field-problems.ts';
import { FieldValidator } from './field-validator.ts';
import { MetaTypeError, readMeta, type SentObject, timestamp } from './object-meta.ts';
import type { ResourceOptions } from './resource-options.ts';
import { keyOf, namespaceOf } from './stored-object.ts';
import { requireSameObject } from './update.ts';
import { updateObject } from './update-object.ts';
import { writeOptions } from './write-options.ts';

const APPLY = 'application/apply-patch+yaml';

/**
 * Patches an object, or its part that the request's subresource stands for; an applied one is created when it is absent.
 * Nothing can come between reading and writing, so a patch never has to be tried again.
 */
export async function patch(context: ResourceOptions, request: ApiRequest, answer: AnswerForm): Promise<void> {
  const { type, info } = request;
  const { name, subresource } = info;
  const namespace = namespaceOf(request);
  const contentType = patchType(request);
  const isApply = contentType === APPLY;
  const operation = isApply ? 'Apply' : 'Update';
  const options = writeOptions(request, 'PatchOptions', isApply);
  const body = await request.body();
  const { force } = options;
  const fieldManager = request.query.get('fieldManager') ?? '';
  const fields = await FieldValidator.of(context, request, type, options.fieldValidation);
  if (isApply) fields.requireDeclared(parseYaml(body));
  const patched = (current: ApiObject | undefined): SentObject => {
    const now = timestamp(context.clock());
    // A server knows no fields of another version, which may have stored them.
    const known = current && fields.known(current);
    const object = patchObject({ contentType, body, current: known, type, fieldManager, force, now, subresource });
    const sent = asSent(type, fields.validated(object, refusedPatch(contentType, body, object)));
    requireSameObject(sent, namespace, name);
    return sent;
  };

  const entry = context.store.get(keyOf(type, namespace, name));
  if (entry === undefined) {
    if (!isApply || subresource !== '') throw notFound(type, name);
    const sent = patched(undefined);
    answer.object(201, createObject(context, { type, namespace, sent, options, operation }));
    return;
  }
  const revise = (current: ApiObject) => patched(current);
  answer.object(200, updateObject(context, { type, entry, subresource, options, operation, revise }));
}

/** The media type of the patch, in lower case and without parameters. */
export function patchType({ exchange }: ApiRequest): string {
  const contentType = fieldValue(exchange.head.fields, 'content-type') ?? '';
  return contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

/** What is said of a patch that makes unknown fields: of a strategic one, the patch; of others, what they would make. */
export function refusedPatch(contentType: string, body: Buffer, patched: ApiObject): (problem: string) => ApiError {
  return (problem) => {
    const isStrategic = contentType === 'application/strategic-merge-patch+json';
    const what = isStrategic ? goFormat(JSON.parse(body.toString())) : JSON.stringify(patched);
    return invalid('', '', '', [invalidValue('patch', what, problem)]);
  };
}

/** A patch may bring in anything; what the object is stays settled. Throws ApiError 422 when it is no such object any more. */
function asSent({ group, version, kind }: ApiRequest['type'], object: ApiObject): SentObject {
  const apiVersion = groupVersion({ group, version });
  const notOne = (why: string) => invalid('', '', '', [invalidValue('patch', JSON.stringify(object), why)]);
  if (object.kind !== kind || object.apiVersion !== apiVersion) {
    throw notOne(
      `no kind "${object.kind}" is registered for version "${object.apiVersion}" here, this is a ${kind} of ${apiVersion}`,
    );
  }
  try {
    return { ...object, metadata: readMeta(object.metadata) };
  } catch (error) {
    throw error instanceof MetaTypeError ? notOne(error.message) : error;
  }
}
