import type { MetricTable } from './metric-description.ts';
import { TYPE_LABELS } from './request-metrics.ts';

/**
 * What the clients of a rehearsal count of themselves (`mvproxy lab rehearse`). No proxy exposes it: it is the only view there
 * is of an upgrade behind something that is not this proxy.
 */
export const LAB_METRICS = {
  mvproxy_lab_client_unexpected_404_total: {
    type: 'counter',
    help: 'Unknown-resource 404s that a client got for a type which a server, ready from before the request to its answer, serves.',
    labels: { ...TYPE_LABELS, client: 'name of a client of the rehearsal' },
    action: 'What is in front of the servers sends requests to servers that do not serve them.',
  },
  mvproxy_lab_client_requests_total: {
    type: 'counter',
    help: 'Requests of all clients of the rehearsal.',
    labels: {},
    action: 'What the other one is to be compared with.',
  },
} as const satisfies MetricTable;
