import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { ProxyStatus } from '../../../src/admin/status.ts';
import { run } from '../../../src/cli/main.ts';
import { capturedIo } from '../../../src/cli/testing/captured-io.ts';
import { LabClient } from '../../../src/lab/client/lab-client.ts';
import { startGateway } from '../../../src/lab/front/gateway.ts';
import { type EmbeddedPlaneOptions, startEmbeddedPlane } from '../../../src/lab/plane/embedded-plane.ts';
import type { LabServer } from '../../../src/lab/plane/lab-server.ts';
import type { Logger } from '../../../src/observe/logger.ts';

const ignore = (): void => {};
const SILENT: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };
const PATIENCE_MS = 30_000;

/** Embedded servers 1.34.4, 1.36.3 and 1.37.2 (`server-1` to `server-3`) behind a running proxy. */
export async function startObservedLab(t: TestContext, options: Partial<EmbeddedPlaneOptions> = {}) {
  const plane = await startEmbeddedPlane({
    versions: ['1.34', '1.36', '1.37'],
    builtIn: 'none',
    logger: SILENT,
    ...options,
  });
  t.after(() => plane.close());
  const gateway = await startGateway(plane, { logger: SILENT });
  t.after(() => gateway.close());
  await allReady(gateway.adminUrl);
  const { pki, adminToken, servers } = plane;
  const { cert: ca } = pki.servingCa;
  const [old, middle, newest] = servers;
  assert.ok(old !== undefined && middle !== undefined && newest !== undefined);
  const clientOf = ({ url }: Pick<LabServer, 'url'>) => {
    const client = new LabClient({ name: 'test', url, ca, token: adminToken, userAgent: 'test', timeoutMs: 60_000 });
    t.after(() => client.close());
    return client;
  };
  const mvproxy = async (...args: string[]) => {
    const io = capturedIo({ environment: { LANG: 'C.UTF-8' } });
    const exitCode = await run(['node', 'mvproxy', ...args, `--admin-server=${gateway.adminUrl}`], io);
    return { exitCode, out: io.out, err: io.err };
  };
  return { plane, old, middle, newest, gateway, clientOf, mvproxy };
}

/** A proxy is ready, too, without a server that a busy machine kept from answering its first probe in time. */
export async function allReady(adminUrl: string): Promise<void> {
  await until(
    async (): Promise<ProxyStatus> => JSON.parse(await (await fetch(`${adminUrl}/status`)).text()),
    ({ servers }) => servers.every(({ state }) => state === 'ready'),
  );
}

/** Asks until the answer is accepted; rejects with the last one after half a minute. */
export async function until<T>(ask: () => Promise<T>, accept: (answer: T) => boolean): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const answer = await ask();
    if (accept(answer)) return answer;
    if (performance.now() > deadline) assert.fail(`not within ${PATIENCE_MS} ms, but ${JSON.stringify(answer)}`);
    await delay(20);
  }
}
