/** The part of spdy-transport that the tests use; it ships no types. */
declare module 'spdy-transport' {
  import type { Duplex } from 'node:stream';

  export interface SpdyStream extends Duplex {
    readonly headers: Readonly<Record<string, string>>;
    respond(status: number, headers: Readonly<Record<string, string>>): void;
  }

  export interface SpdyConnection {
    /** Not public. */
    readonly _spdyState: { readonly parser: SpdyParser };
    start(version: number): void;
    request(
      options: { method: string; path: string; host: string; headers: Readonly<Record<string, string>> },
      callback: (error: Error | null, stream: SpdyStream) => void,
    ): void;
    on(event: 'stream', listener: (stream: SpdyStream) => void): this;
    on(event: 'error', listener: (error: Error) => void): this;
  }

  interface SpdyParser {
    parseKVs(
      buffer: unknown,
      callback: (error: Error | null, headers?: Readonly<Record<string, string>>) => void,
    ): void;
  }

  const spdy: {
    readonly connection: {
      create(socket: Duplex, options: { protocol: 'spdy'; isServer: boolean }): SpdyConnection;
    };
  };
  export default spdy;
}
