import { ConnectionError, ErrorCode } from './error-code.ts';
import { DEFAULT_MAX_FRAME_SIZE, DEFAULT_WINDOW, LARGEST_WINDOW } from './frame.ts';

/** RFC 9113 section 6.5.2. */
export const Setting = {
  HEADER_TABLE_SIZE: 0x1,
  ENABLE_PUSH: 0x2,
  MAX_CONCURRENT_STREAMS: 0x3,
  INITIAL_WINDOW_SIZE: 0x4,
  MAX_FRAME_SIZE: 0x5,
  MAX_HEADER_LIST_SIZE: 0x6,
} as const;

/** What a peer has announced so far. */
export interface PeerSettings {
  headerTableSize: number;
  maxConcurrentStreams: number;
  initialWindow: number;
  maxFrameSize: number;
}

/** What holds before a peer's first SETTINGS (RFC 9113 section 6.5.2). */
export function initialPeerSettings(): PeerSettings {
  return {
    headerTableSize: 4096,
    maxConcurrentStreams: Number.POSITIVE_INFINITY,
    initialWindow: DEFAULT_WINDOW,
    maxFrameSize: DEFAULT_MAX_FRAME_SIZE,
  };
}

const ENTRY_LENGTH = 6;
const LARGEST_MAX_FRAME_SIZE = 2 ** 24 - 1;

/**
 * Applies a SETTINGS payload to `settings`, values in their order (RFC 9113 section 6.5.3); unknown ones are ignored. Throws
 * ConnectionError for values that no peer may send. `fromServer`: a server must not enable push (section 6.5.2).
 */
export function applySettings(
  settings: PeerSettings,
  bytes: Buffer,
  start: number,
  end: number,
  fromServer: boolean,
): void {
  if ((end - start) % ENTRY_LENGTH !== 0) {
    throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, 'SETTINGS is no sequence of settings');
  }
  for (let at = start; at < end; at += ENTRY_LENGTH) {
    const value = bytes.readUInt32BE(at + 2);
    switch (bytes.readUInt16BE(at)) {
      case Setting.HEADER_TABLE_SIZE:
        settings.headerTableSize = value;
        break;
      case Setting.ENABLE_PUSH:
        if (value > (fromServer ? 0 : 1)) {
          throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, `ENABLE_PUSH may not be ${value}`);
        }
        break;
      case Setting.MAX_CONCURRENT_STREAMS:
        settings.maxConcurrentStreams = value;
        break;
      case Setting.INITIAL_WINDOW_SIZE:
        if (value > LARGEST_WINDOW) {
          throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, `a window of ${value} octets is too large`);
        }
        settings.initialWindow = value;
        break;
      case Setting.MAX_FRAME_SIZE:
        if (value < DEFAULT_MAX_FRAME_SIZE || value > LARGEST_MAX_FRAME_SIZE) {
          throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, `MAX_FRAME_SIZE may not be ${value}`);
        }
        settings.maxFrameSize = value;
        break;
      default:
        break;
    }
  }
}

/** A SETTINGS payload of identifiers and values. */
export function settingsPayload(entries: readonly (readonly [setting: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(entries.length * ENTRY_LENGTH);
  for (const [i, [setting, value]] of entries.entries()) {
    payload.writeUInt16BE(setting, i * ENTRY_LENGTH);
    payload.writeUInt32BE(value, i * ENTRY_LENGTH + 2);
  }
  return payload;
}
