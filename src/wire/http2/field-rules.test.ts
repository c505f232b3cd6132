import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contentLength, isAuthority, isMethod, isPath, isScheme, isValidField } from './field-rules.ts';

const OCTETS = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));

/** The octets that `isValid` takes, by a pattern that says the same. */
function assertOctets(isValid: (octet: string) => boolean, pattern: RegExp): void {
  for (const octet of [...OCTETS, 'Ā', '\u2028', '😀']) {
    assert.equal(isValid(octet), pattern.test(octet), JSON.stringify(octet));
  }
}

test('names: tokens without capital letters (RFC 9113 section 8.2.1)', () => {
  const token = /^[!#$%&'*+.^_`|~0-9a-z-]$/;
  assertOctets((octet) => isValidField(`x${octet}y`, ''), token);
  assertOctets((octet) => isValidField(octet, ''), token);
  assertOctets((octet) => isValidField(`:${octet}`, ''), token);
  for (const name of ['', ':', '::a', 'a:b', 'Accept', 'a b']) assert.equal(isValidField(name, ''), false, name);
});

test('values: no control characters but tabs, and no white space around them (8.2.1)', () => {
  assertOctets((octet) => isValidField('x', `a${octet}b`), /^[\t\x20-\x7e\x80-\xff]$/);
  for (const value of [' a', 'a ', '\ta', 'a\t', ' ', '\t']) assert.equal(isValidField('x', value), false);
  for (const value of ['', 'a', 'a b', 'a \t b']) assert.equal(isValidField('x', value), true);
});

test('fields of one HTTP/1.1 connection, and TE that asks for more than trailers (8.2.2)', () => {
  for (const name of ['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade']) {
    assert.equal(isValidField(name, 'x'), false, name);
  }
  for (const value of ['trailers', 'Trailers']) assert.equal(isValidField('te', value), true);
  for (const value of ['', 'gzip', 'trailers, gzip', 'trailers;q=1']) assert.equal(isValidField('te', value), false);
});

test('control data, octet by octet', () => {
  assertOctets((octet) => isMethod(`A${octet}`), /^[!#$%&'*+.^_`|~0-9A-Za-z-]$/);
  assertOctets((octet) => isPath(`/${octet}`), /^[\x21-\x7e\x80-\xff]$/);
  assertOctets((octet) => isAuthority(`a${octet}`), /^[a-zA-Z0-9\-._~%!$&'()*+,;=:[\]]$/);
  assertOctets((octet) => isScheme(`a${octet}`), /^[a-zA-Z0-9+.-]$/);
  assertOctets(isScheme, /^[a-zA-Z]$/);
  for (const rule of [isMethod, isPath, isAuthority, isScheme]) assert.equal(rule(''), false);
});

test('a content-length that no number can be mistaken for (RFC 9110 section 8.6)', () => {
  for (const [value, octets] of [
    ['0', 0],
    ['42', 42],
    ['999999999999999', 999_999_999_999_999],
  ] as const) {
    assert.equal(contentLength(value), octets);
  }
  for (const value of ['', ' 1', '1\n', '+1', '-1', '1e3', '1_0', '1,1', '9999999999999999', '²']) {
    assert.equal(contentLength(value), undefined, JSON.stringify(value));
  }
});
