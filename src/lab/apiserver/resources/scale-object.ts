import { type ApiObject, groupVersion, type JsonObject } from '../../api-object.ts';
import { internalError } from '../api-error.ts';
import type { ServedType } from '../served-type.ts';
import { isObject } from './object-meta.ts';

export const SCALE = { group: 'autoscaling', version: 'v1', kind: 'Scale' };

type Path = readonly string[];

interface ScalePaths {
  readonly replicas: Path;
  readonly currentReplicas: Path;
  /** Where a selector stands: as text, or as a LabelSelector or map. */
  readonly selector: Path | undefined;
}

const BUILT_IN: ScalePaths = {
  replicas: ['spec', 'replicas'],
  currentReplicas: ['status', 'replicas'],
  selector: ['spec', 'selector'],
};

/** Scale paths of definitions have dots only (`.spec.replicas`). */
const steps = (path: string): Path => path.split('.').filter((step) => step !== '');

function pathsOf({ custom }: ServedType): ScalePaths {
  if (custom === undefined) return BUILT_IN;
  const { scale } = custom;
  if (scale === undefined) throw internalError(`the definition ${custom.definition} has no scale subresource`);
  const { specReplicasPath, statusReplicasPath, labelSelectorPath } = scale;
  return {
    replicas: steps(specReplicasPath),
    currentReplicas: steps(statusReplicasPath),
    selector: labelSelectorPath === undefined ? undefined : steps(labelSelectorPath),
  };
}

/** The autoscaling/v1 Scale of an object. */
export function scaleOf(type: ServedType, object: ApiObject): ApiObject {
  const paths = pathsOf(type);
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector = paths.selector === undefined ? '' : selectorText(valueAt(object, paths.selector));
  return {
    kind: SCALE.kind,
    apiVersion: groupVersion(SCALE),
    metadata: { name, ...(namespace !== undefined && { namespace }), uid, resourceVersion, creationTimestamp },
    spec: { replicas: valueAt(object, paths.replicas) ?? 0 },
    status: { replicas: valueAt(object, paths.currentReplicas) ?? 0, ...(selector !== '' && { selector }) },
  };
}

/** The object with as many replicas. */
export function scaled(type: ServedType, object: ApiObject, replicas: number): ApiObject {
  const [first = 'spec', ...rest] = pathsOf(type).replicas;
  return { ...object, [first]: withValueAt(object[first], rest, replicas) };
}

function valueAt(object: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, step) => (isObject(value) ? value[step] : undefined), object);
}

function withValueAt(value: unknown, [step, ...rest]: Path, replicas: number): unknown {
  if (step === undefined) return replicas;
  const object: JsonObject = isObject(value) ? value : {};
  return { ...object, [step]: withValueAt(object[step], rest, replicas) };
}

/** A selector as text, as kubectl and autoscalers ask with it. */
function selectorText(selector: unknown): string {
  if (typeof selector === 'string') return selector;
  if (!isObject(selector)) return '';
  const { matchLabels, matchExpressions } = selector;
  const isMap = matchLabels === undefined && matchExpressions === undefined;
  const labels = isMap ? selector : isObject(matchLabels) ? matchLabels : {};
  const expressions: readonly unknown[] = Array.isArray(matchExpressions) ? matchExpressions : [];
  const texts = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return [...texts, ...expressions.filter(isObject).map(expressionText)].sort().join(',');
}

function expressionText({ key, operator, values }: JsonObject): string {
  const list = Array.isArray(values) ? [...values].sort().join(',') : '';
  switch (operator) {
    case 'Exists':
      return String(key);
    case 'DoesNotExist':
      return `!${key}`;
    default:
      return `${key} ${operator === 'NotIn' ? 'notin' : 'in'} (${list})`;
  }
}
