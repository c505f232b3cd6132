import { listen } from '../../src/wire/listener.ts';
import { openUpstream } from '../../src/wire/upstream-pool.ts';
import { requestPath } from '../pipeline/request-path.ts';
import { observerOf, type Variant } from './observers.ts';

/** What the process is told first. */
export interface ProxyStart {
  readonly variant: Variant;
  /** PEM. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  readonly serverPort: number;
}

/** And what it answers: its port, or the microseconds of CPU that it has used. */
export type ProxyAnswer = { readonly port: number } | { readonly cpu: number };

const HOST = '127.0.0.1';

process.on('message', (message: ProxyStart | 'usage') => {
  if (message === 'usage') {
    const { user, system } = process.cpuUsage();
    tell({ cpu: user + system });
  } else void start(message);
});
process.once('disconnect', () => process.exit());

async function start({ variant, ca, cert, key, serverPort }: ProxyStart): Promise<void> {
  const upstream = () =>
    openUpstream({
      host: HOST,
      port: serverPort,
      servername: 'kubernetes.default.svc',
      ca,
      certificate: undefined,
      connectTimeoutMs: 10_000,
      pingIntervalMs: 60_000,
      pingTimeoutMs: 60_000,
      maxConnections: 1,
      onEvent: undefined,
    });
  const trust = { clientCa: [], requestHeaderCa: [], allowedNames: [] };
  const { handler } = await requestPath(trust, [], { observer: observerOf(variant), upstream });
  const { port } = await listen({ host: HOST, port: 0, tls: { cert, key }, handler });
  tell({ port });
}

function tell(answer: ProxyAnswer): void {
  process.send?.(answer);
}
