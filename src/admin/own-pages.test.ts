import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeExchange } from '../../test/support/fake-exchange.ts';
import { sendBody } from '../wire/relay.ts';
import { ownPagesOnly } from './own-pages.ts';

function statusOf(authority: string | undefined, ...fields: string[]): number {
  return statusOver('http', authority, ...fields);
}

function statusOver(scheme: 'http' | 'https', authority: string | undefined, ...fields: string[]): number {
  const handler = ownPagesOnly(
    (exchange) => sendBody(exchange.respond({ status: 200, fields: [] }, false), Buffer.of()),
    scheme,
  );
  const exchange = new FakeExchange({ target: '/decisions', authority, fields });
  handler(exchange);
  return exchange.answer.head.status;
}

for (const authority of [
  '127.0.0.1:6444',
  '127.0.0.1',
  '[::1]:6444',
  '[::1]',
  'localhost:6444',
  'LOCALHOST',
  'mvproxy.localhost:80',
  undefined,
]) {
  test(`who asks ${authority ?? 'without a Host'} is answered`, () => assert.equal(statusOf(authority), 200));
}

for (const authority of [
  'attacker.example:6444',
  'attacker.example',
  '127.0.0.1.attacker.example:6444',
  'localhost.attacker.example',
  'notlocalhost',
  '127.0.0.1:6444@attacker.example',
  '[::1]attacker.example',
  '',
]) {
  test(`DNS rebinding: a page that has ${authority || 'no name'} resolve to loopback reads nothing`, () => {
    assert.equal(statusOf(authority), 403);
  });
}

test('cross-origin reading: a page of another origin gets nothing, whether its browser says so by Origin or Sec-Fetch-Site', () => {
  const here = '127.0.0.1:6444';
  assert.equal(statusOf(here, 'origin', 'https://attacker.example'), 403);
  assert.equal(statusOf(here, 'origin', 'null'), 403);
  assert.equal(statusOf(here, 'origin', 'http://127.0.0.1:8080'), 403);
  for (const site of ['cross-site', 'same-site']) {
    assert.equal(statusOf(here, 'sec-fetch-site', site, 'sec-fetch-mode', 'no-cors'), 403, site);
    const frame = ['sec-fetch-site', site, 'sec-fetch-mode', 'navigate', 'sec-fetch-dest', 'iframe'];
    assert.equal(statusOf(here, ...frame), 403, `${site}, in a frame`);
  }
});

test('the console’s own requests, scrapes, and links that lead here are answered', () => {
  const here = '127.0.0.1:6444';
  assert.equal(statusOf(here, 'origin', 'http://127.0.0.1:6444'), 200);
  assert.equal(statusOf(here, 'sec-fetch-site', 'same-origin', 'sec-fetch-mode', 'cors'), 200);
  assert.equal(statusOf(here, 'sec-fetch-site', 'cross-site', 'sec-fetch-mode', 'navigate'), 200);
  const link = ['sec-fetch-mode', 'navigate', 'sec-fetch-dest', 'document'];
  for (const site of ['none', 'same-site', 'cross-site']) {
    assert.equal(statusOf(here, 'sec-fetch-site', site, ...link), 200, site);
  }
});

test('over HTTPS the certificate says which names are ours, and pages of other origins still get nothing', () => {
  const here = 'cp-1.example:6444';
  assert.equal(statusOver('https', here), 200);
  assert.equal(statusOver('https', here, 'origin', 'https://cp-1.example:6444'), 200);
  assert.equal(statusOver('https', here, 'origin', 'http://cp-1.example:6444'), 403);
  assert.equal(statusOver('https', here, 'origin', 'https://attacker.example'), 403);
  assert.equal(statusOver('https', here, 'sec-fetch-site', 'cross-site', 'sec-fetch-mode', 'no-cors'), 403);
});
