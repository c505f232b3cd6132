import type { EngineName } from '../../../src/wire/engine-name.ts';
import { type Listener, listen } from '../../../src/wire/listener.ts';
import { testPki } from '../../support/loopback.ts';
import type { Step } from './conversation.ts';
import { connectRawClient } from './raw-client.ts';
import type { ArrivedStream, ConnectionState } from './raw-peer.ts';
import { RecordingHandler, type SeenExchange } from './recording-handler.ts';

/** What a conversation with our server role led to, in a form in which two engines can be compared. */
export interface ServerOutcome {
  readonly connection: ConnectionState;
  /** What came back on each stream. */
  readonly streams: Readonly<Record<string, string>>;
  readonly seen: readonly SeenExchange[];
}

/** A listener of one engine whose handler is changed from conversation to conversation. */
export interface ServerUnderTest {
  readonly listener: Listener;
  /** Sends the steps, each when the one before has been dealt with, and reports what they led to. */
  play(steps: readonly Step[]): Promise<ServerOutcome>;
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
    async play(steps) {
      const handler = new RecordingHandler();
      recording = handler;
      const client = await connectRawClient(listener.port);
      let connection = await client.settle(() => handler.events);
      for (const { octets } of steps) {
        if (connection.kind !== 'alive') break;
        client.send(octets);
        connection = await client.settle(() => handler.events);
      }
      const streams = Object.fromEntries(
        [...client.streams].sort(([a], [b]) => a - b).map(([id, stream]) => [id, describeStream(stream)]),
      );
      const seen = handler.seen.map((exchange) => ({ ...exchange }));
      client.socket.destroy();
      return { connection, streams, seen };
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
