import { setTimeout as delay } from 'node:timers/promises';
import type { ProxyStatus } from '../../src/admin/status.ts';
import { apiRequest } from '../../test/real/support/api-request.ts';
import type { ProxyProcess } from '../../tools/control-plane/proxy.ts';

const POLL_MS = 50;
const TIMEOUT_MS = 120_000;

/** Resolves when the proxy counts that server as ready, and its merged documents say so. */
export async function serverReady(proxy: ProxyProcess, name: string): Promise<void> {
  const deadline = performance.now() + TIMEOUT_MS;
  for (;;) {
    const { body } = await apiRequest(`${proxy.adminUrl}/status`);
    const { settled, servers }: ProxyStatus = JSON.parse(body);
    if (settled && servers.some((server) => server.name === name && server.state === 'ready')) return;
    if (performance.now() > deadline) throw new Error(`${name} is not ready within ${TIMEOUT_MS} ms: ${body}`);
    await delay(POLL_MS);
  }
}
