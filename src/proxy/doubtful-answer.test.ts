import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeExchange } from '../../test/support/fake-exchange.ts';
import { ProxySetting } from '../../test/support/proxy-setting.ts';
import { doubtAbout } from './doubtful-answer.ts';

const POD = '/api/v1/namespaces/a/pods/x';
const DECISION = { kind: 'forward', server: 0, reason: 'PreferredCapable', final: true } as const;
const JSON_TYPE = ['content-type', 'application/json'];

function doubt(method: string, target: string, status: number, fields: readonly string[] = []) {
  const request = new ProxySetting().prepare(new FakeExchange({ method, target }));
  return doubtAbout({ status, fields: [...JSON_TYPE, ...fields] }, DECISION, request);
}

for (const [method, target, status, fields, expected] of [
  ['GET', POD, 404, [], 'unknown-type'],
  ['HEAD', POD, 404, [], undefined],
  ['POST', POD, 429, ['retry-after', '5'], 'shutting-down'],
  ['POST', POD, 429, [], undefined],
  ['POST', POD, 429, ['retry-after', '5', 'content-length', '4097'], undefined],
  ['POST', `${POD}/exec`, 503, ['retry-after', '1'], 'shutting-down'],
  ['POST', `${POD}/proxy/a`, 503, ['retry-after', '1'], undefined],
  ['GET', POD, 504, [], 'behind'],
  ['GET', POD, 504, ['content-length', '4097'], undefined],
  ['PUT', POD, 504, [], undefined],
  ['GET', `${POD}/proxy/a`, 504, [], undefined],
  ['GET', '/version', 504, [], undefined],
  ['GET', POD, 200, [], undefined],
  ['GET', POD, 500, ['retry-after', '1'], undefined],
] as const) {
  test(`${status} to ${method} ${target} with ${fields.join(' ') || 'no further fields'}: ${expected ?? 'passes at once'}`, () => {
    assert.equal(doubt(method, target, status, fields), expected);
  });
}
