import assert from 'node:assert/strict';
import type { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import type { JsonNameParams } from '@peculiar/x509';
import fc from 'fast-check';
import { certify, holder } from '../../test/support/certificate-shapes.ts';
import { certificateSubject, type Subject } from './subject.ts';

const UID = '1.3.6.1.4.1.57683.2';

const issuer = await holder('issuer');

async function certificateOf(name: JsonNameParams): Promise<X509Certificate> {
  return certify({ ...issuer, name }, issuer);
}

const subjectOf = (certificate: X509Certificate): Subject => certificateSubject(certificate.raw);

/** What OpenSSL reads, through Node; its texts are UTF-8 whatever the certificate's string type is. */
function opensslSubject(certificate: X509Certificate): Subject {
  const read: Readonly<Record<string, string | readonly string[] | undefined>> = {
    ...certificate.toLegacyObject().subject,
  };
  const values = (name: string) => [read[name] ?? []].flat();
  return { commonName: values('CN').at(-1) ?? '', organizations: values('O'), uids: values(UID) };
}

for (const [name, subject, expected] of [
  ['a common name', [{ CN: ['alice'] }], { commonName: 'alice', organizations: [], uids: [] }],
  [
    'several organizations, in order',
    [{ O: ['b'] }, { O: ['a'] }, { CN: ['alice'] }, { O: ['b'] }],
    { commonName: 'alice', organizations: ['b', 'a', 'b'], uids: [] },
  ],
  [
    'the last of several common names, as Go',
    [{ CN: ['first'] }, { O: ['a'] }, { CN: ['last'] }],
    { commonName: 'last', organizations: ['a'], uids: [] },
  ],
  [
    'every attribute of a relative name with several',
    [{ CN: ['alice'], O: ['a'] }],
    { commonName: 'alice', organizations: ['a'], uids: [] },
  ],
  [
    'UTF8String, BMPString, PrintableString and IA5String',
    [
      { O: [{ utf8String: 'größe 😀' }] },
      { O: [{ bmpString: 'größe' }] },
      { O: [{ printableString: 'size' }] },
      { O: [{ ia5String: 'size@home' }] },
      { CN: [{ bmpString: 'アリス' }] },
    ],
    { commonName: 'アリス', organizations: ['größe 😀', 'größe', 'size', 'size@home'], uids: [] },
  ],
  [
    'the UID of Kubernetes ≥ 1.33',
    [{ CN: ['alice'] }, { [UID]: ['7f3a'] }],
    { commonName: 'alice', organizations: [], uids: ['7f3a'] },
  ],
  [
    'all UIDs, so that several can be refused',
    [{ [UID]: ['1'] }, { [UID]: ['2'] }],
    { commonName: '', organizations: [], uids: ['1', '2'] },
  ],
  [
    'no attribute of a similar name',
    [{ OU: ['unit'] }, { DC: ['io'] }, { '1.3.6.1.4.1.57683.1': ['1'] }, { '1.3.6.1.4.1.57683.2.1': ['1'] }],
    { commonName: '', organizations: [], uids: [] },
  ],
  ['nothing from an empty subject', [], { commonName: '', organizations: [], uids: [] }],
] as const satisfies readonly (readonly [string, JsonNameParams, Subject])[]) {
  test(`reads ${name}`, async () => {
    const certificate = await certificateOf(subject);
    assert.deepEqual(subjectOf(certificate), expected);
    assert.deepEqual(opensslSubject(certificate), expected);
  });
}

test('reads what OpenSSL reads, whatever the names hold', async () => {
  // Without NUL, at which the texts that Node makes of OpenSSL's end.
  const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }).filter((value) => !value.includes('\0'));
  const bmp = text.filter((value) => !/[\u{10000}-\u{10ffff}]/u.test(value));
  const value = fc.oneof(
    text.map((utf8String) => ({ utf8String })),
    bmp.map((bmpString) => ({ bmpString })),
    fc.stringMatching(/^[A-Za-z0-9 '()+,./:=?-]{1,12}$/).map((printableString) => ({ printableString })),
  );
  const attribute = fc.tuple(fc.constantFrom('CN', 'O', 'OU', UID), value).map(([name, one]) => ({ [name]: [one] }));
  await fc.assert(
    fc.asyncProperty(fc.array(attribute, { maxLength: 6 }), async (name) => {
      const certificate = await certificateOf(name);
      assert.deepEqual(subjectOf(certificate), opensslSubject(certificate));
    }),
    { numRuns: 60 },
  );
});

test('leaves escaping to nobody: a name that looks like several stays one', async () => {
  const name = 'alice, O=system:masters\nCN=admin+O="x"\\';
  const certificate = await certificateOf([{ CN: [{ utf8String: name }] }]);
  assert.deepEqual(subjectOf(certificate), { commonName: name, organizations: [], uids: [] });
});

const victim = await certificateOf([{ O: ['abcd'] }, { CN: [{ utf8String: 'alice' }] }, { [UID]: ['1'] }]);

/** The certificate with the octets of its organization `abcd` exchanged; the tag stands two before them. */
function withOrganization(tag: number, octets: readonly number[]): Buffer {
  const der = Buffer.from(victim.raw);
  const at = der.indexOf('abcd');
  der.set([tag, 4, ...octets], at - 2);
  return der;
}

/** The certificate with another tag and length; its own take four octets. */
function outer(...octets: readonly number[]): Buffer {
  assert.deepEqual(victim.raw.subarray(0, 2), Buffer.from([0x30, 0x82]));
  return Buffer.concat([Buffer.from(octets), victim.raw.subarray(4)]);
}

test('T61String counts as Latin-1, as in Go', () => {
  const { organizations } = certificateSubject(withOrganization(0x14, [0xe4, 0x62, 0x63, 0xff]));
  assert.deepEqual(organizations, ['äbcÿ']);
});

for (const [name, der] of [
  ['is empty', Buffer.alloc(0)],
  ['is PEM', Buffer.from(victim.toString())],
  ['is another structure', Buffer.from('3003020101', 'hex')],
  ['holds invalid UTF-8', withOrganization(0x0c, [0xc0, 0xaf, 0x62, 0x63])],
  ['holds half a UTF-8 character', withOrganization(0x0c, [0x62, 0x63, 0x64, 0xc3])],
  ['holds a name that is no string', withOrganization(0x04, [1, 2, 3, 4])],
  ['holds a string type that is not read', withOrganization(0x1c, [0, 0, 0, 0x61])],
  ['has an indefinite length', outer(0x30, 0x80)],
  ['has a length of five octets', outer(0x30, 0x85, 0, 0, 0, ...victim.raw.subarray(2, 4))],
  ['is a set', outer(0x31, ...victim.raw.subarray(1, 4))],
  ['claims four gigabytes', outer(0x30, 0x84, 0xff, 0xff, 0xff, 0xff)],
] as const) {
  test(`refuses what ${name} with a RangeError`, () => {
    assert.throws(() => certificateSubject(der), RangeError);
  });
}

test('half a BMPString character is refused with a RangeError', async () => {
  const certificate = await certificateOf([{ O: [{ bmpString: 'abc' }] }, { CN: ['alice'] }]);
  const der = Buffer.from(certificate.raw);
  const at = der.indexOf(Buffer.from('\0a\0b\0c', 'latin1'));
  assert.deepEqual(der.subarray(at - 2, at), Buffer.from([0x1e, 6]));
  der.set([5], at - 1);
  assert.throws(() => certificateSubject(der), RangeError);
});

test('a certificate cut off anywhere is refused with a RangeError', () => {
  for (let length = 0; length < victim.raw.length; length++) {
    assert.throws(() => certificateSubject(victim.raw.subarray(0, length)), RangeError, `${length} octets`);
  }
});

test('changed octets lead to a subject or a RangeError, never to anything else', () => {
  const change = fc.record({
    at: fc.nat({ max: victim.raw.length - 1 }),
    octet: fc.oneof(fc.nat({ max: 255 }), fc.constantFrom(0, 0x1e, 0x30, 0x31, 0x80, 0x84, 0xff)),
  });
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
      const der = Buffer.from(victim.raw);
      for (const { at, octet } of changes) der[at] = octet;
      try {
        const { commonName, organizations, uids } = certificateSubject(der);
        for (const text of [commonName, ...organizations, ...uids]) assert.equal(typeof text, 'string');
      } catch (error) {
        assert.ok(error instanceof RangeError, String(error));
      }
    }),
    { numRuns: 5000 },
  );
});

test('bytes of no origin lead to a RangeError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (der) => {
      assert.throws(() => certificateSubject(der), RangeError);
    }),
  );
});

test('a view into larger memory is read within its bounds', () => {
  const around = Buffer.concat([Buffer.alloc(7, 0x30), victim.raw, Buffer.alloc(9, 0xff)]);
  const view = new Uint8Array(around.buffer, around.byteOffset + 7, victim.raw.length);
  assert.deepEqual(certificateSubject(view), { commonName: 'alice', organizations: ['abcd'], uids: ['1'] });
});
