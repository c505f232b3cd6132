import assert from 'node:assert/strict';
import { test } from 'node:test';
import '../pki/empty-reflect-metadata.ts';
import { Pkcs10CertificateRequest } from '@peculiar/x509';
import { emptyCertificateRequest } from './certificate-request.ts';

test('the request names nobody and proves the possession of its key', async () => {
  const request = new Pkcs10CertificateRequest(emptyCertificateRequest());
  assert.equal(request.subject, '');
  assert.equal(request.publicKey.algorithm.name, 'Ed25519');
  assert.equal(await request.verify(), true);
});
