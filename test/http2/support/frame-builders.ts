import { FLAG, FRAME, frame } from '../../support/h2-frames.ts';
import { literalBlock } from './hpack.ts';

/** Error codes (RFC 9113 section 7) by number. */
export const ERROR_CODES = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

export const codeName = (code: number): string => ERROR_CODES[code] ?? `0x${code.toString(16)}`;
export const codeOf = (name: ErrorCode): number => ERROR_CODES.indexOf(name);

/** RFC 9113 section 6.5.2. */
export const SETTING = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
} as const;

export function u32(value: number): Buffer {
  const octets = Buffer.alloc(4);
  octets.writeUInt32BE(value);
  return octets;
}

export function settings(...pairs: (readonly [id: number, value: number])[]): Buffer {
  const payload = pairs.map(([id, value]) => Buffer.concat([Buffer.from([id >> 8, id & 255]), u32(value)]));
  return frame(FRAME.settings, 0, 0, Buffer.concat(payload));
}

export const settingsAck = (): Buffer => frame(FRAME.settings, FLAG.ack, 0);
export const windowUpdate = (streamId: number, increment: number): Buffer =>
  frame(FRAME.windowUpdate, 0, streamId, u32(increment));
export const rstStream = (streamId: number, code: ErrorCode): Buffer =>
  frame(FRAME.rstStream, 0, streamId, u32(codeOf(code)));
export const goaway = (lastStreamId: number, code: ErrorCode): Buffer =>
  frame(FRAME.goaway, 0, 0, Buffer.concat([u32(lastStreamId), u32(codeOf(code))]));
export const ping = (text: string): Buffer =>
  frame(FRAME.ping, 0, 0, Buffer.from(text.padEnd(8).slice(0, 8), 'latin1'));
export const priority = (streamId: number, dependency: number): Buffer =>
  frame(FRAME.priority, 0, streamId, Buffer.concat([u32(dependency), Buffer.from([15])]));

export interface Padded {
  /** Octets of padding behind the payload. */
  readonly padding?: number | undefined;
  readonly endStream?: boolean;
}

function pad(payload: Uint8Array, padding: number | undefined): Buffer {
  if (padding === undefined) return Buffer.from(payload);
  return Buffer.concat([Buffer.from([padding]), payload, Buffer.alloc(padding)]);
}

const flagsOf = ({ padding, endStream = false }: Padded): number =>
  (padding === undefined ? 0 : FLAG.padded) | (endStream ? FLAG.endStream : 0);

export const data = (streamId: number, payload: Uint8Array, options: Padded = {}): Buffer =>
  frame(FRAME.data, flagsOf(options), streamId, pad(payload, options.padding));

/** HEADERS with a complete block, or with a part of it in each of `continuations` frames behind. */
export function headers(
  streamId: number,
  fields: readonly string[] | Buffer,
  options: Padded & { readonly continuations?: number; readonly priority?: boolean } = {},
): Buffer {
  const block = Buffer.isBuffer(fields) ? fields : literalBlock(fields);
  const { continuations = 0 } = options;
  const part = Math.ceil(block.byteLength / (continuations + 1));
  const parts = Array.from({ length: continuations + 1 }, (_, i) => block.subarray(i * part, (i + 1) * part));
  return Buffer.concat(
    parts.map((piece, i) => {
      const last = i === continuations ? FLAG.endHeaders : 0;
      if (i > 0) return frame(FRAME.continuation, last, streamId, piece);
      const priorityOctets = options.priority === true ? [Buffer.concat([u32(0), Buffer.from([15])])] : [];
      const flags = flagsOf(options) | last | (options.priority === true ? FLAG.priority : 0);
      return frame(FRAME.headers, flags, streamId, pad(Buffer.concat([...priorityOctets, piece]), options.padding));
    }),
  );
}

/** The fields of a request head that every server takes. */
export const requestFields = (method: string, path: string, ...more: string[]): string[] => [
  ':method',
  method,
  ':scheme',
  'https',
  ':authority',
  'example.test',
  ':path',
  path,
  ...more,
];
