import type { EngineName } from '../../../src/wire/engine-name.ts';
import { type Listener, listen } from '../../../src/wire/listener.ts';
import { testPki } from '../../support/loopback.ts';
import type { Step } from './conversation.ts';
import { windowUpdate } from './frame-builders.ts';
import type { Conversation } from './lockstep.ts';
import { connectRawClient } from './raw-client.ts';
import { type ArrivedStream, describeConnection } from './raw-peer.ts';
import { RecordingHandler, type SeenExchange } from './recording-handler.ts';

/** What a conversation with our server role led to, in a form in which two engines can be compared. */
export interface ServerOutcome {
  /** `alive`, `hung`, or `closed` and the code of its GOAWAY. */
  readonly connection: string;
  /** What came back on each stream. */
  readonly streams: Readonly<Record<string, string>>;
  /** What the handler saw, by method, path and authority. */
  readonly seen: Readonly<Record<string, SeenExchange>>;
}

export interface ServerConversation extends Conversation<ServerOutcome> {
  /** Sends everything without waiting in between. */
  playAtOnce(steps: readonly Step[]): Promise<void>;
}

/** A listener of one engine whose handler is changed from conversation to conversation. */
export interface ServerUnderTest {
  readonly listener: Listener;
  /** Begins a conversation; one at a time. `credit`: octets that the client takes beyond the window HTTP/2 begins with. */
  converse(credit?: number): Promise<ServerConversation>;
}

export async function startServerUnderTest(engine: EngineName): Promise<ServerUnderTest> {
  const { server: tls } = await testPki();
  let recording = new RecordingHandler();
  const listener = await listen({
    engine,
    host: '127.0.0.1',
    port: 0,
    tls,
    handler: (exchange) => recording.handle(exchange),
  });
  return {
    listener,
    async converse(credit = 0) {
      const handler = new RecordingHandler();
      recording = handler;
      const client = await connectRawClient(listener.port);
      if (credit > 0) client.send(windowUpdate(0, credit));
      let connection = await client.settle(() => handler.events);
      return {
        get isAlive() {
          return connection.kind === 'alive';
        },
        async play({ octets }) {
          client.send(octets);
          connection = await client.settle(() => handler.events);
        },
        async playAtOnce(steps) {
          for (const { octets } of steps) client.send(octets);
          connection = await client.settle(() => handler.events);
        },
        async end() {
          const ids = [...client.streams.keys()].sort((a, b) => a - b);
          const streams = Object.fromEntries(ids.map((id) => [id, describeStream(client.stream(id))]));
          const seen = Object.fromEntries(
            handler.seen.map((exchange, i) => [exchange.head, { order: i, ...exchange }]),
          );
          client.socket.destroy();
          return { connection: describeConnection(connection), streams, seen };
        },
      };
    },
  };
}

export function describeStream({ sections, dataBytes, ended, reset }: ArrivedStream): string {
  const said = sections.map((fields) => `[${fields.join(' ')}]`);
  return [
    ...said,
    ...(dataBytes > 0 ? [`${dataBytes} octets`] : []),
    ...(ended ? ['end'] : []),
    ...(reset === undefined ? [] : [`RST_STREAM ${reset}`]),
  ].join(', ');
}
