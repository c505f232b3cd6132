/** What a line of a watch says (apimachinery pkg/apis/meta/v1, WatchEvent). */
export type WatchEvent =
  | {
      readonly kind: 'object';
      readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
      readonly resourceVersion: string;
      readonly object: WatchedObject;
    }
  /** Nothing happened up to this resourceVersion. */
  | { readonly kind: 'bookmark'; readonly resourceVersion: string }
  /** The watch cannot go on; `code` is the Status' (410: its resourceVersion is too old), 0 when it has none. */
  | { readonly kind: 'error'; readonly code: number; readonly message: string };

/** As much of an object as is looked at; whatever is not as it should be is missing. */
export interface WatchedObject {
  readonly name: string;
  /** Of a Lease. */
  readonly holderIdentity: string | undefined;
}

/** Undefined for what is no event. */
export function parseWatchEvent(text: string): WatchEvent | undefined {
  const event = parseRecord(text);
  const object = event?.['object'];
  if (!isRecord(object)) return undefined;
  const type = event?.['type'];
  if (type === 'ERROR') return { kind: 'error', code: numberOf(object['code']), message: textOf(object['message']) };
  const resourceVersion = resourceVersionOf(object);
  if (resourceVersion === undefined) return undefined;
  if (type === 'BOOKMARK') return { kind: 'bookmark', resourceVersion };
  if (type !== 'ADDED' && type !== 'MODIFIED' && type !== 'DELETED') return undefined;
  return { kind: 'object', type, resourceVersion, object: watchedObject(object) };
}

/** A list as the beginning of a watch. Undefined for what is none. */
export function parseWatchedList(
  text: string,
): { readonly resourceVersion: string; readonly items: readonly WatchedObject[] } | undefined {
  const list = parseRecord(text);
  const resourceVersion = list === undefined ? undefined : resourceVersionOf(list);
  if (list === undefined || resourceVersion === undefined) return undefined;
  const items = Array.isArray(list['items']) ? list['items'].filter(isRecord) : [];
  return { resourceVersion, items: items.map(watchedObject) };
}

function watchedObject({ metadata, spec }: Readonly<Record<string, unknown>>): WatchedObject {
  const holder = isRecord(spec) ? spec['holderIdentity'] : undefined;
  return {
    name: isRecord(metadata) ? textOf(metadata['name']) : '',
    holderIdentity: typeof holder === 'string' ? holder : undefined,
  };
}

function resourceVersionOf({ metadata }: Readonly<Record<string, unknown>>): string | undefined {
  const version = isRecord(metadata) ? metadata['resourceVersion'] : undefined;
  return typeof version === 'string' && version !== '' ? version : undefined;
}

function parseRecord(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return isRecord(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}
