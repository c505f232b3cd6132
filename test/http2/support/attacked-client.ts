import type { TestContext } from 'node:test';
import type { EngineName } from '../../../src/wire/engine-name.ts';
import type { BodySource, RequestHead, ResponseHead } from '../../../src/wire/exchange.ts';
import { NO_FIELDS } from '../../../src/wire/fields.ts';
import { listen } from '../../../src/wire/listener.ts';
import type { Upstream, UpstreamFailure, UpstreamReceiver } from '../../../src/wire/upstream.ts';
import { openUpstream } from '../../../src/wire/upstream-pool.ts';
import { testPki } from '../../support/loopback.ts';
import { upstreamOptions } from './client-outcome.ts';
import type { RawPeer } from './raw-peer.ts';
import { startRawServer } from './raw-server.ts';

/** What became of a request to the bad server. */
export class Fate implements UpstreamReceiver {
  informed = 0;
  head: ResponseHead | undefined;
  body: BodySource | undefined;
  octets = 0;
  /** How it ended: `end`, or the reason. */
  over: string | undefined;
  readonly #isReader: boolean;

  constructor(isReader: boolean) {
    this.#isReader = isReader;
  }

  inform(): void {
    this.informed += 1;
  }

  respond(head: ResponseHead, body: BodySource): void {
    this.head = head;
    this.body = body;
    if (!this.#isReader) return;
    body.read({
      data: (chunk) => {
        this.octets += chunk.byteLength;
        return true;
      },
      end: () => {
        this.over = 'end';
      },
      reset: (reason) => {
        this.over = reason;
      },
    });
  }

  failed({ cause, reason }: UpstreamFailure): void {
    this.over = `${cause} ${reason}`;
  }
}

/** Our client role at the hands of a bad server, and a good server whose answers must go on arriving. */
export interface AttackedClient {
  readonly attacker: RawPeer;
  /** Of the requests on streams 1, 3, 5, … in that order. */
  readonly fates: readonly Fate[];
  readonly upstream: Upstream;
  bystander(): Promise<void>;
}

export interface AttackedClientOptions {
  readonly requests?: number;
  /** Numbers of the requests whose answers are read. Default: all. */
  readonly read?: readonly number[];
}

export async function startAttackedClient(
  t: TestContext,
  engine: EngineName,
  { requests = 1, read }: AttackedClientOptions = {},
): Promise<AttackedClient> {
  const { server: tls } = await testPki();
  const bad = await startRawServer();
  const good = await listen({
    engine,
    host: '127.0.0.1',
    port: 0,
    tls,
    handler: (exchange) => void exchange.respond({ status: 200, fields: NO_FIELDS }, true),
  });
  const upstream = await open(engine, bad.port);
  const other = await open(engine, good.port);
  t.after(async () => {
    await Promise.all([upstream.close(0), other.close(0)]);
    await Promise.all([bad.close(), good.close(0)]);
  });
  const fates = Array.from({ length: requests }, (_, i) => new Fate(read === undefined || read.includes(i)));
  for (const fate of fates) upstream.request(GET, true, fate);
  const attacker = await bad.connections.next();
  await attacker.until(() => attacker.streams.size === requests);
  return { attacker, fates, upstream, bystander: () => answered(other) };
}

const GET: RequestHead = { method: 'GET', target: '/', authority: 'example.test', fields: [] };

async function open(engine: EngineName, port: number): Promise<Upstream> {
  const { ca } = await testPki();
  return openUpstream({ ...upstreamOptions(port), engine, ca: ca.cert });
}

function answered(upstream: Upstream): Promise<void> {
  return new Promise((resolve, reject) => {
    upstream.request(GET, true, {
      inform: () => {},
      respond: ({ status }) =>
        status === 200 ? resolve() : reject(new Error(`The bystander was answered ${status}.`)),
      failed: ({ message }) => reject(new Error(`The bystander's request failed: ${message}`)),
    });
  });
}
