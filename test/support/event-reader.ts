import type { TestContext } from 'node:test';
import { type ServerSentEvent, serverSentEvents } from '../../src/admin/testing/server-sent-events.ts';
import { type BodyEnd, bodyEnd, H1Client } from './api-client.ts';

/** A reader of the admin listener's `/events`. */
export class EventReader {
  readonly headers: Readonly<Record<string, unknown>>;
  /** Resolves when the stream is over. */
  readonly ended: Promise<BodyEnd>;
  readonly events: ServerSentEvent[] = [];
  /** All that came, comments included, one character per octet. */
  text = '';
  readonly #response: Awaited<ReturnType<H1Client['open']>>;
  /** Of the event that is not whole yet. */
  #rest = '';
  #arrived = Promise.withResolvers<void>();

  private constructor(response: Awaited<ReturnType<H1Client['open']>>) {
    this.#response = response;
    this.headers = response.headers;
    this.ended = bodyEnd(response.body);
    response.body.on('data', (chunk: Buffer) => {
      const part = chunk.toString('latin1');
      this.text += part;
      const blocks = `${this.#rest}${part}`.split('\n\n');
      this.#rest = blocks.pop() ?? '';
      for (const block of blocks) this.events.push(...serverSentEvents(Buffer.from(block, 'latin1').toString()));
      this.#arrived.resolve();
      this.#arrived = Promise.withResolvers();
    });
  }

  /** Opens the stream of the admin listener at `base`; `after` is the Last-Event-ID. Gone with the test. */
  static async open(t: TestContext, base: string, query = '', after?: string): Promise<EventReader> {
    const client = new H1Client(base, { ca: '' });
    const headers = { accept: 'text/event-stream', ...(after !== undefined && { 'last-event-id': after }) };
    const response = await client.open({ path: `/events${query}`, headers });
    const reader = new EventReader(response);
    t.after(() => {
      reader.leave();
      client.close();
    });
    return reader;
  }

  /** The first event, of those that came and those that will, that `matches`. */
  async first(matches: (event: ServerSentEvent) => boolean): Promise<ServerSentEvent> {
    for (;;) {
      const found = this.events.find(matches);
      if (found !== undefined) return found;
      await this.#arrived.promise;
    }
  }

  pause(): void {
    this.#response.body.pause();
  }

  resume(): void {
    this.#response.body.resume();
  }

  leave(): void {
    this.#response.cancel();
  }
}
