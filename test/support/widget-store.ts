import { json } from 'node:stream/consumers';
import { type StreamHandler, sendJson, sendUnknown } from './fake-api-server.ts';

/** Keeps objects of one kind in memory below `collection`, and knows no other path. */
export function widgetStore(collection: string): StreamHandler {
  const objects = new Map<string, object>();
  const unstored = (name: string): object => ({
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    reason: 'NotFound',
    code: 404,
    message: `"${name}" not found`,
    details: { name },
  });
  return (stream, headers) => {
    const path = headers[':path']?.split('?', 1)[0] ?? '';
    const name = path.slice(collection.length + 1);
    if (path === collection && headers[':method'] === 'POST') {
      void json(stream).then((object) => {
        if (!isNamed(object)) throw new TypeError('an object without a name was sent');
        objects.set(object.metadata.name, object);
        sendJson(stream, 201, object);
      });
    } else if (path === collection) {
      sendJson(stream, 200, { kind: 'List', apiVersion: 'v1', metadata: {}, items: [...objects.values()] });
    } else if (path.startsWith(`${collection}/`)) {
      const object = objects.get(name);
      sendJson(stream, object === undefined ? 404 : 200, object ?? unstored(name));
    } else sendUnknown(stream);
  };
}

function isNamed(value: unknown): value is { readonly metadata: { readonly name: string } } {
  if (typeof value !== 'object' || value === null || !('metadata' in value)) return false;
  const { metadata } = value;
  return typeof metadata === 'object' && metadata !== null && 'name' in metadata && typeof metadata.name === 'string';
}
