import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestCa } from '../../test/support/certificates.ts';
import { certificateExpiry } from './certificate-expiry.ts';

test('the first certificate to expire counts, wherever it stands in the file', async () => {
  const ca = await TestCa.create('one');
  const [early, late] = [new Date('2027-01-02T03:04:05Z'), new Date('2028-01-01T00:00:00Z')];
  const [first, second] = [
    await ca.issue({ commonName: 'a', notAfter: late }),
    await ca.issue({ commonName: 'b', notAfter: early }),
  ];
  for (const bundle of [`# a comment\n${first.cert}\n${second.cert}`, second.cert + first.cert]) {
    assert.equal(certificateExpiry(bundle), early.getTime() / 1000);
  }
});

test('what holds no certificate has no expiry, and one that cannot be read is passed over', async () => {
  const { cert } = await TestCa.create('one');
  const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
  assert.equal(certificateExpiry(''), undefined);
  assert.equal(certificateExpiry(broken), undefined);
  assert.equal(certificateExpiry(`${broken}${cert}`), certificateExpiry(cert));
});
