import { backendOf } from './server-connections.ts';
import type { ServerMonitor } from './server-monitor.ts';
import { conditionOf } from './server-state.ts';
import type { ServerReport } from './snapshot-builder.ts';

const NO_CONDITIONS = { '/api': undefined, '/apis': undefined };

/** What is known of a server at this moment. */
export function reportOf({
  spec,
  state,
  version,
  fetched,
  announced,
  readAt,
  discoveryFailure,
  confirmedAt,
  connections,
  openapi,
}: ServerMonitor): ServerReport {
  return {
    name: spec.name,
    local: spec.local,
    version,
    ready: state.kind === 'ready',
    condition: conditionOf(state),
    discovery: fetched?.discovery,
    announced: { version: announced.version, discovery: announced.fetched?.discovery },
    readAt,
    readable: discoveryFailure === '',
    confirmedAt,
    backend: {
      ...backendOf(spec.name, connections, fetched?.conditions ?? NO_CONDITIONS),
      toConvert: fetched?.shape === 'v2' ? undefined : fetched?.discovery,
    },
    openapi: openapi.seen,
  };
}
