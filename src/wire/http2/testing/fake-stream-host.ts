import type { ResetReason } from '../../exchange.ts';
import type { Fields } from '../../fields.ts';
import { resetCodeForServer } from '../../reset-code.ts';
import { type Direction, Stream, type StreamHost } from '../stream.ts';

/** A connection that writes down what its streams ask of it. */
export class FakeStreamHost implements StreamHost {
  readonly streamWindow: number;
  /** Octets that may still be sent. */
  room: number;
  readonly sent: Buffer[] = [];
  readonly ends: Fields[] = [];
  readonly resets: number[] = [];
  readonly credits: number[] = [];
  held = 0;
  closures = 0;

  constructor(streamWindow = 1000, room = Number.POSITIVE_INFINITY) {
    this.streamWindow = streamWindow;
    this.room = room;
  }

  sendData(_stream: Stream, chunk: Uint8Array, start: number): number {
    const end = Math.min(chunk.length, start + this.room);
    this.room -= end - start;
    this.sent.push(Buffer.from(chunk.subarray(start, end)));
    return end;
  }

  sendEnd(_stream: Stream, trailers: Fields): void {
    this.ends.push(trailers);
  }

  sendReset(_stream: Stream, code: number): void {
    this.resets.push(code);
  }

  sendCredit(_stream: Stream, octets: number): void {
    this.credits.push(octets);
  }

  hold(_stream: unknown, octets: number): void {
    this.held += octets;
  }

  closed(): void {
    this.closures += 1;
  }

  get credited(): number {
    return this.credits.reduce((sum, octets) => sum + octets, 0);
  }

  get text(): string {
    return Buffer.concat(this.sent).toString('latin1');
  }
}

/** A stream that is nothing but a stream. */
export class PlainStream extends Stream {
  readonly breaks: ResetReason[] = [];

  constructor(host: StreamHost, receiving: Direction = 'body', sending: Direction = 'body', id = 1) {
    super(host, id, receiving, sending, 65_535);
  }

  protected override onBroken(reason: ResetReason): void {
    this.breaks.push(reason);
  }

  reset(reason: ResetReason): void {
    this.abandon(resetCodeForServer(reason));
  }
}
