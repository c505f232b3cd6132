import type { RequestHead, ResponseHead } from './exchange.ts';
import { type Fields, withoutFields } from './fields.ts';
import { declaresBody, isConnectionSpecific, isUnsafe, TOKEN } from './raw-fields.ts';

/** Heads that pass between two sides in one process, under the rules that hold on a connection: no side can trick the other. */

/** The head as HTTP/2 delivers it, or why HTTP/2 cannot carry it. */
export function requestOf(head: RequestHead): RequestHead | string {
  const fields: string[] = [];
  for (let i = 0; i + 1 < head.fields.length; i += 2) {
    const name = head.fields[i] ?? '';
    const value = head.fields[i + 1] ?? '';
    if (isConnectionSpecific(name) || name === 'host' || (name === 'te' && value !== 'trailers')) continue;
    fields.push(name, value);
  }
  return problemOf(head, fields) ?? { ...head, fields };
}

/** The head as HTTP/1.1 delivers one that asks for a switch of protocols, or why it cannot be sent. */
export function upgradeOf(head: RequestHead): RequestHead | string {
  if (declaresBody(head.fields)) return 'a request to switch protocols cannot carry a body; send it without one';
  const fields = withoutFields(head.fields, (name) => name === 'host');
  return problemOf(head, fields) ?? { ...head, fields };
}

/** `undefined`: no final response can look like this. */
export function responseOf(head: ResponseHead): ResponseHead | undefined {
  const { status, fields } = head;
  if (!Number.isInteger(status) || status < 200 || status > 599) return undefined;
  const kept = withoutFields(fields, (name) => isConnectionSpecific(name) || name.startsWith(':'));
  return areSendable(kept) ? { ...head, fields: kept } : undefined;
}

/** `undefined`: not an informational response that can be passed on. */
export function informationOf({ status, fields }: ResponseHead): ResponseHead | undefined {
  if (status === 101) return undefined;
  const kept = withoutFields(fields, (name) => isConnectionSpecific(name) || !TOKEN.test(name));
  return areSendable(kept) ? { status, fields: kept } : undefined;
}

export function areSendable(fields: Fields): boolean {
  return unsendable(fields) === undefined;
}

function problemOf(head: RequestHead, fields: Fields): string | undefined {
  if (!/^[A-Z-]+$/.test(head.method) || !/^[\x21-\x7e\x80-\xff]+$/.test(head.target)) {
    return 'its method or target holds characters that HTTP cannot carry';
  }
  const name = unsendable(fields);
  return name === undefined ? undefined : `its field ${JSON.stringify(name)} holds characters that HTTP cannot carry`;
}

/** Name of the first field that is none. */
function unsendable(fields: Fields): string | undefined {
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] ?? '';
    if (!TOKEN.test(name) || isUnsafe(fields[i + 1] ?? '')) return name;
  }
  return undefined;
}
