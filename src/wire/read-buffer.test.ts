import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lasting, READ_BUFFER } from './read-buffer.ts';

test('what the next read would write over is copied, and nothing else', () => {
  READ_BUFFER.write('first');
  const passing = READ_BUFFER.subarray(0, 5);
  const kept = lasting(passing);
  READ_BUFFER.write('other');
  assert.equal(Buffer.from(kept).toString(), 'first');
  const own = Buffer.from('own');
  assert.equal(lasting(own), own);
});
