import type { ApiObject } from '../../api-object.ts';
import { badRequest } from '../api-error.ts';
import type { ApiRequest } from '../api-request.ts';
import { fieldMatch } from './field-requirements.ts';
import { labelMatch } from './label-requirements.ts';

/** Which objects of a collection a request asks for. */
export interface Selection {
  readonly isEverything: boolean;
  matches(object: ApiObject): boolean;
}

/** Reads labelSelector and fieldSelector of the query. Throws ApiError 400 for bad ones. */
export function selectionOf({ type, query, info }: ApiRequest): Selection {
  const labelSelector = query.get('labelSelector') ?? '';
  const fieldSelector = query.get('fieldSelector') ?? '';
  const labels = labelMatch(labelSelector);
  if (labels === undefined) {
    throw badRequest(`unable to parse requirement: ${JSON.stringify(labelSelector)} is no label selector`);
  }
  const fields = fieldMatch(type, fieldSelector);
  // `/api/v1/watch/namespaces/N/pods/NAME` names one object without a selector.
  const { name } = info;
  return {
    isEverything: labelSelector === '' && fieldSelector === '' && name === '',
    matches: (object) =>
      (name === '' || object.metadata.name === name) && labels(object.metadata.labels ?? {}) && fields(object),
  };
}
