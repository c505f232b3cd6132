import type { Settings } from './schema.ts';
import type { Violation } from './violation.ts';

/** Rules about which server a request goes to. */
export function* routingViolations({ routing, localServer }: Settings): Generator<Violation> {
  if (routing.writes !== 'any' && localServer !== undefined) {
    yield {
      paths: [['routing', 'writes'], ['localServer']],
      message: `must be any, not ${routing.writes}, where there is a local server (--local-server): a sidecar sends on only what its own server does not serve, and every node's sidecar would choose differently for its own clients. Use gateways in front of all servers to direct writes to one version`,
    };
  }
}
