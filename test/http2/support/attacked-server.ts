import { once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';
import type { TestContext } from 'node:test';
import type { EngineName } from '../../../src/wire/engine-name.ts';
import type { ServerExchange } from '../../../src/wire/exchange.ts';
import { NO_FIELDS } from '../../../src/wire/fields.ts';
import type { ListenerLimits } from '../../../src/wire/limits.ts';
import { listen } from '../../../src/wire/listener.ts';
import { SERVER_NAME, testPki } from '../../support/loopback.ts';
import { type RawClientOptions, rawClient } from './raw-client.ts';
import type { RawPeer } from './raw-peer.ts';

/** Octets of one piece of an endless answer. */
export const PIECE = 16 * 1024;

/** A listener under attack, and somebody else whose requests must go on being answered. */
export interface AttackedServer {
  readonly port: number;
  /** Requests that reached the handler from attackers. */
  readonly reached: ServerExchange[];
  /** Octets of endless answers that were taken from the handler. */
  readonly taken: () => number;
  attacker(options?: RawClientOptions): Promise<RawPeer>;
  /** A request of another client; fails when it is not answered. */
  bystander(): Promise<void>;
}

export async function startAttackedServer(
  t: TestContext,
  engine: EngineName,
  limits: Partial<ListenerLimits> = {},
): Promise<AttackedServer> {
  const { server: tls, ca } = await testPki();
  const reached: ServerExchange[] = [];
  let taken = 0;
  const handler = (exchange: ServerExchange): void => {
    const { target } = exchange.head;
    if (target !== '/bystander') reached.push(exchange);
    if (target.startsWith('/hold')) return;
    if (target.startsWith('/large')) {
      const sink = exchange.respond({ status: 200, fields: NO_FIELDS }, false);
      const piece = Buffer.alloc(PIECE);
      const fill = (): void => {
        let more = true;
        while (more) {
          more = sink.write(piece);
          taken += PIECE;
        }
      };
      sink.onDrain = fill;
      fill();
      return;
    }
    exchange.respond({ status: 200, fields: NO_FIELDS }, true);
  };
  const listener = await listen({ engine, host: '127.0.0.1', port: 0, tls, limits, handler });
  const session = connect(`https://127.0.0.1:${listener.port}`, { ca: ca.cert, servername: SERVER_NAME });
  session.on('error', () => {});
  t.after(() => {
    session.destroy();
    return listener.close(0);
  });
  await once(session, 'remoteSettings');
  return {
    port: listener.port,
    reached,
    taken: () => taken,
    attacker: (options) => rawClient(t, listener.port, options),
    bystander: () => answered(session),
  };
}

/** Resolves when a GET is answered with 200. */
export async function answered(session: ClientHttp2Session): Promise<void> {
  const stream = session.request({ ':path': '/bystander' });
  stream.resume();
  const [head] = await once(stream, 'response');
  if (head[':status'] !== 200) throw new Error(`The bystander was answered ${head[':status']}.`);
  await once(stream, 'close');
}

export interface Cut {
  /** Error code of GOAWAY; `undefined`: closed without. */
  readonly code: string | undefined;
  /** Octets that were sent until it was noticed. */
  readonly octets: number;
}

export interface Flood {
  /** What is sent in round `i`. */
  readonly round: (i: number) => Buffer;
  /** More must not be taken. */
  readonly mostOctets: number;
  /** Somebody else's request, answered between rounds. */
  readonly bystander: () => Promise<void>;
  /** The attacker does not read until it is over. */
  readonly deaf?: boolean;
}

/** Sends rounds until the attacker is cut off. `undefined`: it was not, within `mostOctets`. */
export async function flood(
  attacker: RawPeer,
  { round, mostOctets, bystander, deaf = false }: Flood,
): Promise<Cut | undefined> {
  let octets = 0;
  const isOver = (): boolean =>
    attacker.closed || (attacker.goaway !== undefined && attacker.goaway.code !== 'NO_ERROR');
  if (deaf) attacker.socket.pause();
  for (let i = 0; !isOver() && octets < mostOctets; i += 1) {
    const frames = round(i);
    octets += frames.byteLength;
    attacker.send(frames);
    await bystander();
  }
  if (deaf) attacker.socket.resume();
  // Nothing more is sent: no frame of ours may become the reason.
  if (!(await attacker.until(isOver))) return undefined;
  await attacker.finish();
  return { code: attacker.goaway?.code, octets };
}

/** `count` frames in one piece. */
export const many = (count: number, build: (i: number) => Buffer): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, i) => build(i)));
