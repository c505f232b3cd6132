import { get } from 'node:http';

/**
 * The status a GET of an `http:` URL is answered with, over HTTP/1.1 and a connection of its own; the body is not read.
 * Rejects with Node's own error when there is no answer within `timeoutMs`.
 *
 * Only for health endpoints on loopback that speak nothing better, as etcd's does.
 */
export function plainStatus(url: string, timeoutMs: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  get(url, { agent: false, signal: AbortSignal.timeout(timeoutMs) })
    .on('error', reject)
    .on('response', (response) => {
      resolve(response.statusCode ?? 0);
      response.destroy();
    });
  return promise;
}
