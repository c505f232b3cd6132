import type { ApiObject } from '../../api-object.ts';
import { badRequest, conflict } from '../api-error.ts';
import type { ApiRequest } from '../api-request.ts';
import type { AnswerForm } from './answer-form.ts';
import { deleteObject } from './delete-object.ts';
import { FieldValidator } from './field-validator.ts';
import { requireLiveNamespace } from './namespace-lifecycle.ts';
import { isObject, timestamp } from './object-meta.ts';
import { requestObject } from './request-object.ts';
import type { ResourceOptions } from './resource-options.ts';
import { requiredEntry } from './stored-object.ts';
import { updateObject } from './update-object.ts';
import { writeOptions } from './write-options.ts';

const BINDING = { group: '', version: 'v1', kind: 'Binding' };
const EVICTION = { group: 'policy', version: 'v1', kind: 'Eviction' };
const SUCCESS = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };

/** `pods/binding`: what a scheduler says. Throws ApiError 409 when the pod has a node already. */
export async function bindPod(context: ResourceOptions, request: ApiRequest, answer: AnswerForm): Promise<void> {
  const { type, info } = request;
  const { name, namespace } = info;
  const options = writeOptions(request, 'CreateOptions');
  const fields = await FieldValidator.of(context, request, BINDING, options.fieldValidation);
  const { target } = await requestObject(request, BINDING, fields);
  const node = isObject(target) ? target['name'] : undefined;
  if (typeof node !== 'string' || node === '') throw badRequest('a Binding needs the name of a node as target.name');
  requireLiveNamespace(context.store, type, namespace, name);
  const entry = requiredEntry(context.store, type, namespace, name);
  const revise = (pod: ApiObject): ApiObject => {
    const spec = isObject(pod['spec']) ? pod['spec'] : {};
    if (spec['nodeName'])
      throw conflict(
        { group: '', resource: 'pods/binding' },
        name,
        `pod ${name} is already assigned to node "${spec['nodeName']}"`,
      );
    const status = isObject(pod['status']) ? pod['status'] : {};
    const conditions: readonly unknown[] = Array.isArray(status['conditions']) ? status['conditions'] : [];
    const others = conditions.filter((each) => !isObject(each) || each['type'] !== 'PodScheduled');
    const scheduled = {
      type: 'PodScheduled',
      status: 'True',
      lastProbeTime: null,
      lastTransitionTime: timestamp(context.clock()),
    };
    return { ...pod, spec: { ...spec, nodeName: node }, status: { ...status, conditions: [...others, scheduled] } };
  };
  updateObject(context, { type, entry, subresource: 'binding', options, operation: 'Update', revise });
  answer.value(201, SUCCESS);
}

/** `pods/eviction`: deletes the pod; no PodDisruptionBudget is asked. */
export async function evictPod(context: ResourceOptions, request: ApiRequest, answer: AnswerForm): Promise<void> {
  const { type, info } = request;
  const { name, namespace } = info;
  const { dryRun, fieldValidation } = writeOptions(request, 'CreateOptions');
  const fields = await FieldValidator.of(context, request, EVICTION, fieldValidation);
  await requestObject(request, EVICTION, fields);
  requireLiveNamespace(context.store, type, namespace, name);
  const entry = requiredEntry(context.store, type, namespace, name);
  const plain = {
    uid: undefined,
    resourceVersion: undefined,
    orphanDependents: undefined,
    propagationPolicy: undefined,
  };
  deleteObject(context, type, entry, { ...plain, dryRun });
  answer.value(201, SUCCESS);
}
