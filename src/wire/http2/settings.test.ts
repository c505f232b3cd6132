import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applySettings, initialPeerSettings, type PeerSettings, Setting, settingsPayload } from './settings.ts';
import { breaks } from './testing/breaks.ts';

type Entry = readonly [setting: number, value: number];

function apply(entries: readonly Entry[], fromServer = false): PeerSettings {
  const settings = initialPeerSettings();
  const payload = settingsPayload(entries);
  // As it lies in a larger read.
  const bytes = Buffer.concat([Buffer.from('before'), payload, Buffer.from('behind')]);
  applySettings(settings, bytes, 6, 6 + payload.length, fromServer);
  return settings;
}

test('before its SETTINGS a peer is what RFC 9113 section 6.5.2 says', () => {
  assert.deepEqual(apply([]), {
    headerTableSize: 4096,
    maxConcurrentStreams: Number.POSITIVE_INFINITY,
    initialWindow: 65_535,
    maxFrameSize: 16_384,
  });
});

test('each value goes where it belongs, unknown ones nowhere, and the last of two counts (section 6.5.3)', () => {
  const entries: Entry[] = [
    [Setting.HEADER_TABLE_SIZE, 0xffff_ffff],
    [Setting.MAX_CONCURRENT_STREAMS, 7],
    [Setting.INITIAL_WINDOW_SIZE, 1],
    [Setting.MAX_FRAME_SIZE, 20_000],
    [Setting.MAX_HEADER_LIST_SIZE, 5],
    [0xbaba, 0xffff_ffff],
    [Setting.INITIAL_WINDOW_SIZE, 0],
  ];
  assert.deepEqual(apply(entries), {
    headerTableSize: 0xffff_ffff,
    maxConcurrentStreams: 7,
    initialWindow: 0,
    maxFrameSize: 20_000,
  });
});

test('values at the edge of what is allowed', () => {
  const largest = 2 ** 31 - 1;
  assert.equal(apply([[Setting.INITIAL_WINDOW_SIZE, largest]]).initialWindow, largest);
  assert.throws(() => apply([[Setting.INITIAL_WINDOW_SIZE, largest + 1]]), breaks('FLOW_CONTROL_ERROR'));
  for (const size of [16_384, 2 ** 24 - 1]) assert.equal(apply([[Setting.MAX_FRAME_SIZE, size]]).maxFrameSize, size);
  for (const size of [0, 16_383, 2 ** 24, 2 ** 32 - 1]) {
    assert.throws(() => apply([[Setting.MAX_FRAME_SIZE, size]]), breaks('PROTOCOL_ERROR'));
  }
});

test('push: clients may allow it, servers may not, and it is a yes or a no (section 6.5.2)', () => {
  for (const value of [0, 1]) apply([[Setting.ENABLE_PUSH, value]]);
  assert.throws(() => apply([[Setting.ENABLE_PUSH, 2]]), breaks('PROTOCOL_ERROR'));
  apply([[Setting.ENABLE_PUSH, 0]], true);
  for (const value of [1, 2])
    assert.throws(() => apply([[Setting.ENABLE_PUSH, value]], true), breaks('PROTOCOL_ERROR'));
});

test('a payload that is no sequence of settings (section 6.5)', () => {
  for (const length of [1, 5, 7]) {
    const settings = initialPeerSettings();
    assert.throws(() => applySettings(settings, Buffer.alloc(length), 0, length, false), breaks('FRAME_SIZE_ERROR'));
    assert.deepEqual(settings, initialPeerSettings());
  }
});
