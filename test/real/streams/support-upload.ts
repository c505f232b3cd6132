import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import type { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { H2Client, type Protocol, readAnswer } from '../../support/api-client.ts';
import type { FakePlane } from './support-fake-plane.ts';

/** A request whose body is written by the test. */
export interface Upload {
  readonly body: Writable;
  readonly answer: Promise<{ readonly status: number; readonly text: string }>;
}

/** Opens a POST; over HTTP/1.1 its body is chunked, because no length is declared. */
export async function openUpload(protocol: Protocol, plane: FakePlane, path: string): Promise<Upload> {
  if (protocol === 'h2') {
    const client = await plane.client('h2');
    if (!(client instanceof H2Client)) throw new TypeError('no HTTP/2 client');
    const body = client.stream({ method: 'POST', path }, false);
    const answered = Promise.withResolvers<number>();
    body.once('response', (headers) => answered.resolve(Number(headers[':status'])));
    body.once('close', () => answered.reject(new Error(`no answer (RST_STREAM ${body.rstCode})`)));
    const answer = async () => {
      const status = await answered.promise;
      return { status, text: (await readAnswer({ status, headers: {}, body, cancel: () => {} })).text };
    };
    return { body, answer: answer() };
  }
  const { servingCa, admin } = plane.pki;
  const options = { method: 'POST', ca: servingCa.cert, cert: admin.cert, key: admin.key, agent: false };
  const body = request(`${plane.proxy.url}${path}`, options);
  const answered = Promise.withResolvers<IncomingMessage>();
  body.on('response', answered.resolve).on('error', answered.reject);
  const answer = async () => {
    const response = await answered.promise;
    return { status: response.statusCode ?? 0, text: await text(response) };
  };
  return { body, answer: answer() };
}
