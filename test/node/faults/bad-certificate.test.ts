import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { CertificateRequest, KeyPair } from '../../../src/lab/pki/certificate-authority.ts';
import type { Pki } from '../../../src/lab/pki/pki.ts';
import { TestCa } from '../../support/certificates.ts';
import { FakeApiServer } from '../../support/fake-api-server.ts';
import { aggregatedDiscovery } from '../../support/fake-discovery.ts';
import { askUntil, ONLY_NEW, SHARED, startFaultyPlane } from './faulty-plane.ts';

const TIMEOUT = { timeout: 120_000 };
const NAMES = ['kubernetes.default.svc', '127.0.0.1'];
const serving = (altNames: readonly string[]): CertificateRequest => ({
  commonName: 'x',
  altNames,
  usages: ['server'],
});

/** Certificates that a server must not be believed, and what /status says to do. */
const BAD: readonly {
  readonly title: string;
  readonly issue: (pki: Pki) => Promise<Pick<KeyPair, 'cert' | 'key'>>;
  readonly condition: RegExp;
}[] = [
  {
    title: 'has expired',
    issue: (pki) => pki.issue('expired', { ...serving(NAMES), notAfter: new Date(Date.now() - 1_000) }, pki.servingCa),
    condition: /has expired; renew it/,
  },
  {
    title: 'is of another name',
    issue: (pki) => pki.issue('misnamed', serving(['other.example']), pki.servingCa),
    condition: /not valid for the expected name "kubernetes\.default\.svc"; add that name/,
  },
  {
    title: 'is of another CA',
    issue: async () => (await TestCa.create('other')).issue({ commonName: 'x', dnsNames: NAMES }),
    condition: /not issued by the configured CA .*; check the CA bundle/,
  },
  {
    title: 'is of a client',
    issue: (pki) => pki.issue('client', { ...serving(NAMES), usages: ['client'] }, pki.servingCa),
    condition: /may not be used by a server; its extended key usage lacks serverAuth/,
  },
];

describe('a server whose certificate', TIMEOUT, () => {
  for (const { title, issue, condition } of BAD) {
    test(`${title} is told nothing, the reason is in /status, and it serves again with a good one`, async (t) => {
      const plane = await startFaultyPlane(t, { far: '1.34.4' });
      const { near, client, pki } = plane;
      const certificate = await issue(pki);
      const discovery = aggregatedDiscovery('1.37.2');
      const impostor = await FakeApiServer.start({ name: 'impostor', certificate, gitVersion: 'v1.37.2', discovery });
      t.after(() => impostor.stop());

      near.reroute(Number(new URL(impostor.url).port));

      await askUntil(plane, SHARED, plane.becomes(near, 'unready', condition));
      assert.equal(await plane.answering(SHARED), 'far');
      const { status, headers } = await client.request({ path: ONLY_NEW });
      assert.deepEqual([status, headers['retry-after']], [503, '1']);
      assert.deepEqual([impostor.requests, impostor.probes], [[], 0], 'not even a probe was sent');

      near.reroute();

      await plane.becomes(near, 'ready');
      assert.equal(await plane.answering(ONLY_NEW), 'near');
      await plane.assertNothingLeft();
    });
  }
});
