/** What loads are called in the report, which finds them by that. */
import type { RequestLoad } from './request-load.ts';

type Shape = Pick<RequestLoad, 'connections' | 'streams'>;

/** Forty, eight and one request in flight. */
export const BUSY: Shape = { connections: 4, streams: 10 };
export const SINGLES: Shape = { connections: 8, streams: 1 };
export const ALONE: Shape = { connections: 1, streams: 1 };
export const MANY: Shape = { connections: 100, streams: 1 };
/** What fits for lists of 100 and of 5,000 objects. */
export const LISTING: Shape = { connections: 4, streams: 2 };
export const LISTING_ALL: Shape = { connections: 2, streams: 1 };

/** `c=4 m=10`. */
export function shapeText({ connections, streams }: Shape): string {
  return `c=${connections} m=${streams}`;
}

export const TITLE = {
  forwarded: (shape: Shape): string => `GET of a Job, ${shapeText(shape)}`,
  preferred: (shape: Shape): string => `GET of a ConfigMap, ${shapeText(shape)}`,
  list: (objects: number, shape: Shape): string =>
    `LIST of ${objects.toLocaleString('en')} ConfigMaps, ${shapeText(shape)}`,
  write: (shape: Shape): string => `POST of a Job (dry run), ${shapeText(shape)}`,
  small: (shape: Shape): string => `600 B, ${shapeText(shape)}`,
  large: (shape: Shape): string => `64 KiB, ${shapeText(shape)}`,
  http1Forwarded: 'GET of a Job, HTTP/1.1, c=10',
  http1Preferred: 'GET of a ConfigMap, HTTP/1.1, c=10',
  discoveryGzip: 'GET /apis, gzip',
  discoveryIdentity: 'GET /apis, identity',
  discoveryUnchanged: 'GET /apis, not modified',
} as const;
