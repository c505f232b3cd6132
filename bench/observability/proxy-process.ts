import { limitYoungGeneration } from '../../src/daemon/young-generation.ts';
import { listen } from '../../src/wire/listener.ts';
import { requestPath } from '../pipeline/request-path.ts';
import { HOST, openLoopback } from './loopback.ts';
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

// What the journal remembers outlives some collections, and how many depends on it: as in `mvproxy serve`.
limitYoungGeneration();
process.on('message', (message: ProxyStart | 'usage') => {
  if (message === 'usage') {
    const { user, system } = process.cpuUsage();
    tell({ cpu: user + system });
  } else void start(message);
});
process.once('disconnect', () => process.exit());

async function start({ variant, ca, cert, key, serverPort }: ProxyStart): Promise<void> {
  const upstream = () => openLoopback(serverPort, ca);
  const trust = { clientCa: [], requestHeaderCa: [], allowedNames: [] };
  const { handler } = await requestPath(trust, [], { observer: observerOf(variant), upstream });
  const { port } = await listen({ host: HOST, port: 0, tls: { cert, key }, handler });
  tell({ port });
}

function tell(answer: ProxyAnswer): void {
  process.send?.(answer);
}
