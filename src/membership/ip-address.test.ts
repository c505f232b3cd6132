import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isWithin, parseAddressRange } from './address-range.ts';
import { bracketed, canonicalAddress, specialUse } from './ip-address.ts';

test('an address has one spelling', () => {
  for (const [text, canonical] of [
    ['10.0.0.1', '10.0.0.1'],
    ['FD00:0:0::0001', 'fd00::1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['::FFFF:7f00:1', '127.0.0.1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ] as const) {
    assert.equal(canonicalAddress(text), canonical, text);
  }
});

test('what is no address has none: not even spellings that some programs understand', () => {
  for (const text of ['', '10.0.0', '010.0.0.1', '0x7f.0.0.1', '2130706433', '10.0.0.256', ' 10.0.0.1', '10.0.0.1.']) {
    assert.equal(canonicalAddress(text), undefined, text);
  }
  for (const text of ['localhost', 'fe80::1%eth0', '[::1]', ':::', 'fd00::1::2', '::1]@evil.example/[::1']) {
    assert.equal(canonicalAddress(text), undefined, text);
  }
});

test('addresses of no server of a cluster are told by what they are', () => {
  for (const [address, use] of [
    ['0.0.0.0', 'unspecified'],
    ['0.1.2.3', 'unspecified'],
    ['127.0.0.1', 'loopback'],
    ['127.255.255.254', 'loopback'],
    ['169.254.169.254', 'link-local'],
    ['224.0.0.1', 'multicast'],
    ['239.255.255.255', 'multicast'],
    ['255.255.255.255', 'multicast'],
    ['::', 'unspecified'],
    ['::1', 'loopback'],
    ['::7f00:1', 'unspecified'],
    ['fe80::1', 'link-local'],
    ['febf::1', 'link-local'],
    ['ff02::1', 'multicast'],
    ['64:ff9b::7f00:1', 'loopback'],
    ['64:ff9b::a9fe:a9fe', 'link-local'],
    ['10.0.0.1', undefined],
    ['169.253.0.1', undefined],
    ['240.0.0.1', undefined],
    ['fd00::1', undefined],
    ['fec0::1', undefined],
    ['64:ff9b::a00:1', undefined],
  ] as const) {
    assert.equal(specialUse(address), use, address);
  }
});

test('a range contains what begins with its bits', () => {
  const ranges = ['10.0.0.0/8', '192.0.2.128/25', 'fd00::/8', '203.0.113.7'].flatMap((text) => {
    return parseAddressRange(text) ?? [];
  });
  assert.equal(ranges.length, 4);
  for (const inside of ['10.255.0.1', '192.0.2.200', 'fdff::1', '203.0.113.7'])
    assert.ok(isWithin(inside, ranges), inside);
  for (const outside of ['11.0.0.1', '192.0.2.1', 'fe00::1', '203.0.113.8'])
    assert.ok(!isWithin(outside, ranges), outside);
  assert.ok(isWithin('198.51.100.1', [{ bytes: [0, 0, 0, 0], bits: 0 }]));
  assert.ok(!isWithin('fd00::1', [{ bytes: [0, 0, 0, 0], bits: 0 }]), 'of the other family');
});

test('what is no range is none', () => {
  for (const text of [
    '',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '10/8',
    'fd00::/129',
    '::ffff:10.0.0.0/104',
    'a/8',
  ]) {
    assert.equal(parseAddressRange(text), undefined, text);
  }
});

test('an IPv6 address is bracketed where a port follows', () => {
  assert.deepEqual([bracketed('fd00::1'), bracketed('10.0.0.1')], ['[fd00::1]', '10.0.0.1']);
});
