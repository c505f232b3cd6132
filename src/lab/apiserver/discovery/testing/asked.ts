import type { BodySink, ServerExchange } from '../../../../wire/exchange.ts';
import { type Fields, fieldValue } from '../../../../wire/fields.ts';

/** What was answered. */
export interface Answer {
  readonly status: number;
  readonly fields: Fields;
  readonly body: Buffer;
  /** First value of a response field. */
  field(name: string): string | undefined;
}

export interface Asked {
  readonly method?: string;
  readonly authority?: string;
  readonly fields?: Fields;
}

/** Lets `handle` answer one request without a body; resolves when the answer is complete, rejects when it is given up. */
export function asked(
  handle: (exchange: ServerExchange) => void,
  target: string,
  { method = 'GET', authority = '127.0.0.1:6443', fields = [] }: Asked = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    handle({
      connection: {
        id: 1,
        protocol: 'h2',
        remoteAddress: '127.0.0.1',
        certificate: { kind: 'none' },
        closed: new AbortController().signal,
      },
      head: { method, target, authority, fields },
      bodyless: true,
      body: { read: (receiver) => receiver.end([]), pause: () => {}, resume: () => {} },
      upgrade: undefined,
      inform: () => {},
      respond: (head, bodyless): BodySink => {
        const chunks: Uint8Array[] = [];
        const end = () =>
          resolve({ ...head, body: Buffer.concat(chunks), field: (name) => fieldValue(head.fields, name) });
        if (bodyless) end();
        return {
          write: (chunk) => chunks.push(chunk) > 0,
          onDrain: undefined,
          end,
          reset: (reason) => reject(new Error(`the body was reset: ${reason}`)),
        };
      },
      reset: (reason) => reject(new Error(`the exchange was reset: ${reason}`)),
      onAbort: undefined,
    });
  });
}
