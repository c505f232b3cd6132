import { failureStatus } from '../../../kubernetes/status.ts';
import { ApiError } from '../api-error.ts';
import type { ServedType } from '../served-type.ts';

/** Discovery offers it, as the recorded server does, but nothing of the lab stands behind it. */
export function notImplemented({ group, resource }: ServedType, verb: string, subresource: string): ApiError {
  const type = group === '' ? resource : `${resource}.${group}`;
  const what = subresource === '' ? type : `${type}/${subresource}`;
  const message = `the lab does not implement ${verb} of ${what}: use a real kube-apiserver (--kube-apiserver) for it`;
  return new ApiError(failureStatus(501, 'NotImplemented', message, { group, kind: resource }));
}

/** An error that kube-apiserver does not classify: 500 without a reason. */
export const unclassified = (message: string) => new ApiError(failureStatus(500, '', message));

/** Numbers in text that Go's strconv refuses. */
export const notAnInteger = (text: string, parser: 'ParseInt' | 'ParseUint') =>
  `strconv.${parser}: parsing ${JSON.stringify(text)}: invalid syntax`;
