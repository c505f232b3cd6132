import { isPretty } from '../../../kubernetes/pretty.ts';
import { failureStatus } from '../../../kubernetes/status.ts';
import { fieldValue } from '../../../wire/fields.ts';
import type { ApiObject } from '../../api-object.ts';
import type { ApiRequest } from '../api-request.ts';
import { answerJson, jsonText } from './answer.ts';
import type { ObjectList } from './object-list.ts';
import type { WatchEvent } from './watch-event.ts';

/** `?pretty`, or a client that people read with. */
export function isPrettyRequest({ exchange }: ApiRequest): boolean {
  const { target, fields } = exchange.head;
  const question = target.indexOf('?');
  return isPretty(false, question < 0 ? '' : target.slice(question + 1), fieldValue(fields, 'user-agent'));
}

/** Answers a value that has one form only, such as a Status. */
export function answerValue(request: ApiRequest, status: number, value: unknown): void {
  answerJson(request.exchange, status, value, { pretty: isPrettyRequest(request) });
}

/** Answers one object in the form that the client accepts. */
export function answerObject(request: ApiRequest, status: number, object: ApiObject): void {
  answerJson(request.exchange, status, object, { pretty: isPrettyRequest(request) });
}

/** Answers a list; objects of built-in types stand in it without kind and apiVersion, as Go writes them. */
export function answerList(request: ApiRequest, list: ObjectList): void {
  const items =
    request.type.custom === undefined ? list.items.map(({ kind: _k, apiVersion: _v, ...item }) => item) : list.items;
  answerJson(request.exchange, 200, { ...list, items }, { pretty: isPrettyRequest(request) });
}

const INCONSISTENT =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.';

/** 410 for a page whose list's revision is compacted, with a token to go on from there in the present state. */
export function answerExpiredPage(request: ApiRequest, token: string): void {
  const status = failureStatus(410, 'Expired', INCONSISTENT);
  answerJson(request.exchange, 410, { ...status, metadata: { continue: token } }, { pretty: isPrettyRequest(request) });
}

/** Makes the text of one watch event, in the form that the client accepts. */
export function watchFrame(_request: ApiRequest): (event: WatchEvent) => string {
  return (event) => jsonText(event);
}
