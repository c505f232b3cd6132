import type { ClientHttp2Session } from 'node:http2';
import {
  type ApiAnswer,
  type ApiClient,
  type ApiRequest,
  type Credentials,
  H1Client,
  H2Client,
  type OpenResponse,
  type Protocol,
  readAnswer,
} from './api-client.ts';
import { hasRested } from './rests.ts';

/** How often a request that no server acted on is sent again, at once. */
const MOST_TRIES = 5;

/**
 * A client that outlives its connections as Go's do. On HTTP/2 it leaves a connection on which GOAWAY was said, and repeats
 * what was refused by that (RFC 9113 section 6.8); nothing else is ever repeated, and on HTTP/1.1 nothing at all, unless this
 * process was held up: who stops waits no longer than a second for a request on a connection without one
 * (docs/restarting.md).
 */
export class SteadyClient implements ApiClient {
  readonly protocol: Protocol;
  readonly #url: string;
  readonly #credentials: Credentials;
  readonly #h1: H1Client;
  #h2: Promise<H2Client> | undefined;
  /** Requests that were sent again. */
  repeated = 0;
  /** HTTP/2 connections that were opened. */
  connections = 0;

  constructor(protocol: Protocol, url: string, credentials: Credentials) {
    this.protocol = protocol;
    this.#url = url;
    this.#credentials = credentials;
    this.#h1 = new H1Client(url, credentials);
  }

  async open(request: ApiRequest): Promise<OpenResponse> {
    for (let tries = 1; ; tries++) {
      const client = this.protocol === 'http/1.1' ? this.#h1 : await this.#connected();
      try {
        return await client.open(request);
      } catch (error) {
        const mayRepeat = client === this.#h1 ? isHungUp(error) && hasRested() : isRefused(error);
        if (!mayRepeat || tries === MOST_TRIES) throw error;
        this.repeated += 1;
        this.#h2 = undefined;
      }
    }
  }

  async request(request: ApiRequest): Promise<ApiAnswer> {
    return readAnswer(await this.open(request));
  }

  close(): void {
    this.#h1.close();
    void this.#h2?.then((client) => client.close());
  }

  async #connected(): Promise<H2Client> {
    this.#h2 ??= this.#connect();
    const client = await this.#h2;
    if (!isLeft(client.session)) return client;
    this.#h2 = this.#connect();
    return this.#h2;
  }

  async #connect(): Promise<H2Client> {
    this.connections += 1;
    return H2Client.connect(this.#url, this.#credentials);
  }
}

/** Node closes a session by itself when it receives GOAWAY. */
function isLeft({ closed, destroyed }: ClientHttp2Session): boolean {
  return closed || destroyed;
}

function isHungUp(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ECONNRESET';
}

function isRefused(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? error.code : undefined;
  // Node's words for a request on a session that is over before it was sent, and for RST_STREAM or GOAWAY that refuse it.
  return (
    code === 'ERR_HTTP2_GOAWAY_SESSION' ||
    code === 'ERR_HTTP2_INVALID_SESSION' ||
    /REFUSED_STREAM|RST_STREAM 7/.test(error.message)
  );
}
