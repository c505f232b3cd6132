import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BrokenStreams } from './broken-streams.ts';
import { ConnectionError, ErrorCode } from './error-code.ts';

const isClosed = (error: unknown): boolean =>
  error instanceof ConnectionError && error.errorCode === ErrorCode.STREAM_CLOSED;

test('DATA on a broken stream is tolerated up to the window its sender had', () => {
  const broken = new BrokenStreams();
  broken.add(1, 1000);
  broken.tolerate(1, 600);
  broken.tolerate(1, 400);
  broken.tolerate(1, 0);
  assert.throws(() => broken.tolerate(1, 1), isClosed);
});

test('the last thousand are remembered, and no more', () => {
  const broken = new BrokenStreams();
  for (let id = 1; id <= 2 * 1025; id += 2) broken.add(id, 1);
  assert.equal(broken.has(1), false);
  assert.equal(broken.has(3), true);
  assert.equal(broken.has(2 * 1025 - 1), true);
});
