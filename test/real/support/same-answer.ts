import assert from 'node:assert/strict';
import type { Answer } from './http-client.ts';

/**
 * Fields of one connection (RFC 9110 section 7.6.1) and of framing, which Go chooses differently for HTTP/1.1 and HTTP/2,
 * and those that differ between two equal requests to one server.
 */
const NOT_COMPARED = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'date', 'audit-id']);

/** Asserts that status, header fields and body bytes of both are equal. */
export function assertSameAnswer(actual: Answer, expected: Answer, what: string): void {
  assert.equal(actual.status, expected.status, `${what}: status; body: ${actual.body.toString('latin1')}`);
  assert.deepEqual(comparable(actual), comparable(expected), `${what}: header fields`);
  assert.deepEqual(actual.body.toString('latin1'), expected.body.toString('latin1'), `${what}: body`);
}

function comparable({ headers }: Answer): string[] {
  return headers
    .flatMap((name, i) => (i % 2 === 0 && !NOT_COMPARED.has(name) ? [`${name}: ${headers[i + 1]}`] : []))
    .sort();
}
