import type { ResponseHead } from '../wire/exchange.ts';
import { fieldValue } from '../wire/fields.ts';

/**
 * Whether a server turned the request away without acting on it: kube-apiserver answers 503 with Retry-After while it shuts
 * down and before all its paths are installed (apiserver pkg/server/filters/waitgroup.go, pkg/util/notfoundhandler), and
 * client-go repeats every verb on it.
 */
export function turnsAway({ status, fields }: ResponseHead): boolean {
  return status === 503 && fieldValue(fields, 'retry-after') !== undefined;
}
