import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { createPki } from '../../../src/lab/pki/pki.ts';
import { FakeApiServer } from '../../support/fake-api-server.ts';
import { aggregatedDiscovery } from '../../support/fake-discovery.ts';
import { startServe } from '../../support/serve-process.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { ECHO_PROTOCOLS, echoServer, openEcho, receive, sendBlocks } from './support-echo.ts';

const MIB = 1024 * 1024;
const BLOCKS_PER_MIB = 16;
const TOTAL_MIB = 256;

for (const protocol of ECHO_PROTOCOLS) {
  test(`${protocol} carries ${TOTAL_MIB} MiB unchanged each way after a switch through the proxy`, async (t) => {
    const pki = await createPki(join(await temporaryDirectory(t), 'pki'));
    const echo = await FakeApiServer.start({
      name: 'echo',
      certificate: await pki.serving('echo', '127.0.0.1'),
      gitVersion: 'v1.37.2',
      discovery: aggregatedDiscovery('1.37.2'),
      onUpgrade: echoServer(),
    });
    t.after(() => echo.stop());
    const proxy = await startServe(t, { pki, servers: [echo] });
    const tunnel = await openEcho(protocol, proxy.url, { ca: pki.servingCa.cert, ...pki.admin });

    const received = receive(tunnel, TOTAL_MIB * MIB);
    const sent = await sendBlocks(tunnel, TOTAL_MIB * BLOCKS_PER_MIB);

    assert.deepEqual(await received, { bytes: TOTAL_MIB * MIB, digest: sent });
    tunnel.end();
  });
}
