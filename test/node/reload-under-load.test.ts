import assert from 'node:assert/strict';
import { rename, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { CertificateAuthority } from '../../src/lab/pki/certificate-authority.ts';
import { type EmbeddedPlaneOptions, startEmbeddedPlane } from '../../src/lab/plane/embedded-plane.ts';
import { startServe } from '../support/serve-process.ts';
import { SteadyLoad } from '../support/steady-load.ts';
import { allReady } from './support/running-lab.ts';

const QUIET: EmbeddedPlaneOptions['logger'] = { debug() {}, info() {}, warn() {}, error() {} };
const SERVING = {
  commonName: 'mvproxy',
  altNames: ['kubernetes.default.svc', '127.0.0.1'],
  usages: ['server'],
} as const;
const ROUNDS = 20;

test('twenty reloads of every kind of certificate under load: no request fails, and no watch even ends', async (t) => {
  const plane = await startEmbeddedPlane({ versions: ['1.34', '1.37'], builtIn: 'none', logger: QUIET });
  t.after(() => plane.close());
  const { pki } = plane;
  const proxy = await startServe(t, { pki, servers: plane.servers });
  await allReady(proxy.adminUrl);
  const load = await SteadyLoad.start(proxy.url, { ca: pki.servingCa.cert, cert: pki.admin.cert, key: pki.admin.key });
  const stranger = await CertificateAuthority.create(`${pki.directory}/stranger`);
  const renewals = [
    () => pki.issue('proxy-serving', SERVING, pki.servingCa),
    () => pki.issue('front-proxy-client', { commonName: 'front-proxy-client' }, pki.frontProxyCa),
    // One more CA for clients, as a rotation begins with; and one less.
    (round: number) =>
      replace(pki.clientCa.certFile, round % 6 < 3 ? `${pki.clientCa.cert}\n${stranger.cert}` : pki.clientCa.cert),
  ];

  for (let round = 0; round < ROUNDS; round++) {
    await renewals[round % renewals.length]?.(round);
    while (reloads(proxy.log) <= round) await proxy.loggedNext();
  }

  const report = await load.stop();
  t.diagnostic(`${report.writes} writes, ${report.reads} reads`);
  assert.deepEqual(report.failures, []);
  assert.deepEqual(report.gaps, []);
  assert.equal(report.watchEnds, 0);
});

function reloads(log: readonly string[]): number {
  return log.filter((line) => line.includes('"certificate files were reloaded"')).length;
}

/** As tools that renew certificates do it. */
async function replace(file: string, text: string): Promise<void> {
  await writeFile(`${file}.next`, text);
  await rename(`${file}.next`, file);
}
