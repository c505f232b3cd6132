import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settled } from '../../test/support/proxy-setting.ts';
import type { UpstreamFailure } from '../wire/upstream.ts';
import { UNVERIFIABLE_UPSTREAM } from './failing-upstream.ts';

const HEAD = { method: 'GET', target: '/', authority: undefined, fields: [] };

function request() {
  const failures: UpstreamFailure[] = [];
  const exchange = UNVERIFIABLE_UPSTREAM.request(HEAD, true, {
    inform: () => assert.fail('informed'),
    respond: () => assert.fail('responded'),
    failed: (failure) => failures.push(failure),
  });
  return { exchange, failures };
}

test('a request to a server that cannot be verified fails unsent, and says what is missing', async () => {
  const { failures } = request();
  assert.equal(failures.length, 0, 'not within the call');
  await settled();
  const [failure, ...others] = failures;
  assert.deepEqual(others, []);
  assert.deepEqual([failure?.processed, failure?.cause], ['no', 'tls']);
  assert.match(failure?.message ?? '', /--peer-ca-file/);
});

test('a request that was given up hears nothing', async () => {
  const { exchange, failures } = request();
  exchange.reset('cancel');
  await settled();
  assert.deepEqual(failures, []);
});

test('a switch of protocols fails likewise', async () => {
  const answer = await UNVERIFIABLE_UPSTREAM.upgrade(HEAD, new AbortController().signal);
  assert.ok(answer.kind === 'failed' && answer.failure.processed === 'no');
  assert.equal(UNVERIFIABLE_UPSTREAM.inFlight, 0);
  await UNVERIFIABLE_UPSTREAM.close(0);
});
