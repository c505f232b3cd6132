import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { type ConnectionOptions, connect } from 'node:tls';
import { H2_PREFACE } from '../../support/h2-frames.ts';
import { SERVER_NAME, testPki } from '../../support/loopback.ts';
import { settings, settingsAck } from './frame-builders.ts';
import { RawPeer } from './raw-peer.ts';

export interface RawClientOptions {
  /** Settings of the first SETTINGS frame; `none`: not even the preface is sent. */
  readonly settings?: readonly (readonly [id: number, value: number])[] | 'none';
  readonly tls?: ConnectionOptions;
}

/** Connects to an HTTP/2 server with TLS and, unless told otherwise, exchanges SETTINGS with it. */
export async function connectRawClient(port: number, options: RawClientOptions = {}): Promise<RawPeer> {
  const { ca } = await testPki();
  const dialled = {
    host: '127.0.0.1',
    port,
    ca: ca.cert,
    servername: SERVER_NAME,
    ALPNProtocols: ['h2'],
    ...options.tls,
  };
  const socket = connect(dialled).setNoDelay(true);
  const peer = new RawPeer(socket, 'client');
  await once(socket, 'secureConnect');
  if (options.settings === 'none') return peer;
  peer.send(H2_PREFACE, settings(...(options.settings ?? [])));
  await peer.until(() => peer.settings.length > 0);
  peer.send(settingsAck());
  return peer;
}

/** The same, destroyed when the test ends. */
export async function rawClient(t: TestContext, port: number, options: RawClientOptions = {}): Promise<RawPeer> {
  const peer = await connectRawClient(port, options);
  t.after(() => peer.socket.destroy());
  return peer;
}
