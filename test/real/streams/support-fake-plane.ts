import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { createPki, type Pki } from '../../../src/lab/pki/pki.ts';
import { type ApiClient, connectClient, type Protocol } from '../../support/api-client.ts';
import { startFake } from '../../support/embedded-daemon.ts';
import type { FakeApiServer } from '../../support/fake-api-server.ts';
import { type ServeProcess, startServe } from '../../support/serve-process.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

/** A real proxy process in front of one fake server, whose behaviour a test chooses and whose side it can see. */
export interface FakePlane {
  readonly pki: Pki;
  readonly server: FakeApiServer;
  readonly proxy: ServeProcess;
  client(protocol: Protocol): Promise<ApiClient>;
}

export async function startFakePlane(t: TestContext): Promise<FakePlane> {
  const pki = await createPki(join(await temporaryDirectory(t), 'pki'));
  const server = await startFake(t, pki, 'only', '1.37.2');
  const proxy = await startServe(t, { pki, servers: [server] });
  return {
    pki,
    server,
    proxy,
    async client(protocol) {
      const { servingCa, admin } = pki;
      const credentials = { ca: servingCa.cert, cert: admin.cert, key: admin.key };
      const client = await connectClient(protocol, proxy.url, credentials);
      t.after(() => client.close());
      return client;
    },
  };
}
