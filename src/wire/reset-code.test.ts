import assert from 'node:assert/strict';
import { constants } from 'node:http2';
import { test } from 'node:test';
import type { ResetReason } from './exchange.ts';
import { resetCodeForClient, resetCodeForServer, resetReasonOf } from './reset-code.ts';

test('a code survives the way through us, and a lost connection is told apart by who is told', () => {
  const reasons: ResetReason[] = [
    'cancel',
    'refused',
    'internal',
    'protocol',
    'flow-control',
    'enhance-your-calm',
    'http-1.1-required',
  ];
  for (const reason of reasons) {
    assert.equal(resetReasonOf(resetCodeForClient(reason)), reason);
    assert.equal(resetReasonOf(resetCodeForServer(reason)), reason);
  }
  assert.equal(resetCodeForClient('connection-lost'), constants.NGHTTP2_INTERNAL_ERROR);
  assert.equal(resetCodeForServer('connection-lost'), constants.NGHTTP2_CANCEL);
  assert.equal(resetReasonOf(constants.NGHTTP2_NO_ERROR), 'cancel');
  assert.equal(resetReasonOf(constants.NGHTTP2_COMPRESSION_ERROR), 'protocol');
});
