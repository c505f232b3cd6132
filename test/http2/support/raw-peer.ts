import type { TLSSocket } from 'node:tls';
import { FLAG, FRAME, type Frame, FrameReader, frame, H2_PREFACE } from '../../support/h2-frames.ts';
import { codeName } from './frame-builders.ts';
import { HpackDecoder } from './hpack.ts';

/** How long silence may last before it counts as a hang. Nothing waits for it unless something is wrong. */
const HANG_MS = 10_000;

/** What arrived on one stream. */
export interface ArrivedStream {
  /** Header sections in order: heads, informational ones, trailers. */
  readonly sections: string[][];
  dataBytes: number;
  dataFrames: number;
  ended: boolean;
  /** Error code of the first RST_STREAM. */
  reset: string | undefined;
}

export type ConnectionState =
  | { readonly kind: 'alive' }
  /** `goaway`: error code of the last GOAWAY before the end, if there was one. */
  | { readonly kind: 'closed'; readonly goaway: string | undefined }
  | { readonly kind: 'hung' };

export function describeConnection(state: ConnectionState): string {
  return state.kind === 'closed' ? `closed ${state.goaway ?? 'without GOAWAY'}` : state.kind;
}

/** One end of an HTTP/2 connection that sends whatever it is told to, and only notes what it gets. */
export class RawPeer {
  readonly socket: TLSSocket;
  readonly streams = new Map<number, ArrivedStream>();
  /** Frames by type. */
  readonly frames = new Map<number, number>();
  /** Payloads of SETTINGS frames without ACK. */
  readonly settings: Buffer[] = [];
  /** Octets of DATA that may be sent on all streams together; what is sent is the sender's to take away. */
  credit = 65_535;
  goaway: { readonly lastStreamId: number; readonly code: string } | undefined;
  closed = false;
  readonly #reader = new FrameReader();
  readonly #hpack = new HpackDecoder();
  readonly #wakers = new Set<() => void>();
  /** Frames other than answers to our own PINGs. */
  #events = 0;
  #pings = 0;
  #answeredPings = 0;
  #prefaceLeft: number;
  #block: { readonly streamId: number; readonly endStream: boolean; readonly parts: Buffer[] } | undefined;

  /** `role`: ours. A server's peer begins with the preface, which is skipped. */
  constructor(socket: TLSSocket, role: 'client' | 'server') {
    this.socket = socket;
    this.#prefaceLeft = role === 'server' ? H2_PREFACE.byteLength : 0;
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => this.#received(chunk));
    socket.on('end', () => socket.end());
    socket.on('close', () => {
      this.closed = true;
      this.#wake();
    });
  }

  send(...octets: Uint8Array[]): void {
    if (!this.closed && this.socket.writable) this.socket.write(Buffer.concat(octets));
  }

  stream(id: number): ArrivedStream {
    let stream = this.streams.get(id);
    if (stream === undefined) {
      stream = { sections: [], dataBytes: 0, dataFrames: 0, ended: false, reset: undefined };
      this.streams.set(id, stream);
    }
    return stream;
  }

  /** Resolves with whether `condition` came true before the connection closed or fell silent. */
  async until(condition: () => boolean): Promise<boolean> {
    const deadline = performance.now() + HANG_MS;
    while (!condition()) {
      if (this.closed || performance.now() > deadline) return condition();
      await this.#change(deadline - performance.now());
    }
    return true;
  }

  /**
   * Resolves when the other side has dealt with everything: it answers PINGs, and between two of them neither a frame
   * arrived nor `observed` changed. With a GOAWAY for an error the connection has to end.
   */
  async settle(observed: () => number = () => 0): Promise<ConnectionState> {
    for (;;) {
      const before = this.#events + observed();
      for (let round = 0; round < 2; round += 1) if (!(await this.#pong())) return this.#end();
      if (this.#events + observed() === before) return { kind: 'alive' };
    }
  }

  /** Waits for the end of the connection after half of it was closed. */
  async finish(): Promise<ConnectionState> {
    this.socket.end();
    return this.#end();
  }

  async #end(): Promise<ConnectionState> {
    this.socket.end();
    const ended = await this.until(() => this.closed);
    return ended ? { kind: 'closed', goaway: this.goaway?.code } : { kind: 'hung' };
  }

  async #pong(): Promise<boolean> {
    this.#pings += 1;
    const number = this.#pings;
    this.send(frame(FRAME.ping, 0, 0, Buffer.from(`settle${String(number).padStart(2, '0').slice(-2)}`)));
    const isOver = (): boolean => this.goaway !== undefined && this.goaway.code !== 'NO_ERROR';
    await this.until(() => this.#answeredPings >= number || isOver());
    return this.#answeredPings >= number && !isOver();
  }

  #change(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, Math.max(timeoutMs, 1));
      const wakers = this.#wakers;
      function done(): void {
        clearTimeout(timer);
        wakers.delete(done);
        resolve();
      }
      wakers.add(done);
    });
  }

  #wake(): void {
    for (const waker of [...this.#wakers]) waker();
  }

  #received(chunk: Buffer): void {
    const skipped = Math.min(this.#prefaceLeft, chunk.byteLength);
    this.#prefaceLeft -= skipped;
    for (const arrived of this.#reader.push(chunk.subarray(skipped))) this.#take(arrived);
    this.#wake();
  }

  #take(arrived: Frame): void {
    const { type, flags, streamId, payload } = arrived;
    if (type === FRAME.ping && (flags & FLAG.ack) !== 0 && payload.toString('latin1').startsWith('settle')) {
      this.#answeredPings += 1;
      return;
    }
    this.#events += 1;
    this.frames.set(type, (this.frames.get(type) ?? 0) + 1);
    if (type === FRAME.settings && (flags & FLAG.ack) === 0) this.settings.push(payload);
    else if (type === FRAME.windowUpdate && streamId === 0) this.credit += payload.readUInt32BE(0);
    else if (type === FRAME.goaway) {
      this.goaway = { lastStreamId: payload.readUInt32BE(0), code: codeName(payload.readUInt32BE(4)) };
    } else if (type === FRAME.rstStream) this.stream(streamId).reset ??= codeName(payload.readUInt32BE(0));
    else if (type === FRAME.data) {
      const stream = this.stream(streamId);
      stream.dataFrames += 1;
      stream.dataBytes += unpadded(arrived).byteLength;
      stream.ended ||= (flags & FLAG.endStream) !== 0;
    } else if (type === FRAME.headers || type === FRAME.continuation) this.#section(arrived);
  }

  #section(arrived: Frame): void {
    const { type, flags, streamId } = arrived;
    if (type === FRAME.headers) {
      let part = unpadded(arrived);
      if ((flags & FLAG.priority) !== 0) part = part.subarray(5);
      this.#block = { streamId, endStream: (flags & FLAG.endStream) !== 0, parts: [part] };
    } else this.#block?.parts.push(arrived.payload);
    if ((flags & FLAG.endHeaders) === 0 || this.#block === undefined) return;
    const stream = this.stream(this.#block.streamId);
    stream.sections.push(this.#hpack.decode(Buffer.concat(this.#block.parts)));
    stream.ended ||= this.#block.endStream;
    this.#block = undefined;
  }
}

function unpadded({ flags, payload }: Frame): Buffer {
  if ((flags & FLAG.padded) === 0) return payload;
  return payload.subarray(1, payload.byteLength - payload.readUInt8(0));
}
