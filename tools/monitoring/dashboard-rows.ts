import type { Row } from './panel.ts';

const I = 'instance=~"$instance"';
const rate = (metric: string, matchers = ''): string =>
  `rate(${metric}{${[matchers, I].filter(Boolean).join(',')}}[$__rate_interval])`;
/** Every program that is scraped has such metrics, and `$instance` may stand for all of them. */
const ofProxies = (expression: string): string => `${expression} and on (job, instance) mvproxy_build_info`;
const quantile = (q: number, metric: string, by = ''): string =>
  `histogram_quantile(${q}, sum by (le${by}) (${rate(`${metric}_bucket`)}))`;

/** What the dashboard shows, in the order of the questions of an upgrade. */
export const DASHBOARD_ROWS: readonly Row[] = [
  {
    title: 'Is it safe to go on?',
    panels: [
      {
        title: '404s that should not have been',
        description:
          'Requests whose client was told that a type does not exist, although a server lists it; since the proxies started. Anything but 0: stop, and follow docs/verify-in-production.md.',
        kind: 'stat',
        width: 4,
        alarm: 1,
        queries: [{ expression: `sum(mvproxy_unexpected_404_total{outcome="relayed",${I}}) or vector(0)` }],
      },
      {
        title: 'Servers not ready',
        description: 'As the proxy that sees most of them says. Before the next server is upgraded: 0.',
        kind: 'stat',
        width: 4,
        alarm: 1,
        queries: [
          {
            expression: `max(count by (instance) (mvproxy_server_state{state!~"ready|gone",${I}} == 1)) or vector(0)`,
          },
        ],
      },
      {
        title: '503 for want of a server',
        description:
          'Requests a second for which servers are known and none is ready. Not 0: bring one back before you go on.',
        kind: 'stat',
        width: 4,
        unit: 'reqps',
        alarm: 0.001,
        queries: [
          {
            expression: `sum(${rate('mvproxy_requests_total', 'decision=~"CapableServersNotReady|ServersNotSeen|NoServerReady|LocalServerNotReady"')}) or vector(0)`,
          },
        ],
      },
      {
        title: 'Minor versions apart',
        description:
          'Between the oldest and the newest ready server. More than 1 is outside of what Kubernetes supports.',
        kind: 'stat',
        width: 4,
        alarm: 2,
        queries: [{ expression: `max(mvproxy_skew_minors{${I}})` }],
      },
      {
        title: 'Resources that differ',
        description:
          'That some, but not all ready servers serve. 0 when the upgrade is over; `mvproxy skew` lists them.',
        kind: 'stat',
        width: 4,
        queries: [{ expression: `max(mvproxy_skew_resources{${I}})` }],
      },
      {
        title: 'Proxies that do not merge',
        description:
          'They serve each client its own server alone: see docs/running.md. 1 as well when no proxy is scraped, and nothing here says anything.',
        kind: 'stat',
        width: 4,
        alarm: 1,
        queries: [
          {
            expression: `count(mvproxy_view{view!="merged",${I}} == 1) or absent(mvproxy_view{${I}}) or vector(0)`,
          },
        ],
      },
    ],
  },
  {
    title: 'Servers',
    panels: [
      {
        title: 'States',
        description: 'Only a server that is ready gets requests. `mvproxy status` says why one does not.',
        kind: 'state-timeline',
        queries: [
          { expression: `max by (server, state) (mvproxy_server_state{${I}})`, legend: '{{server}} {{state}}' },
        ],
      },
      {
        title: 'Versions',
        description: 'As the servers say.',
        kind: 'table',
        queries: [{ expression: `max by (server, version) (mvproxy_server_info{${I}})` }],
      },
      {
        title: 'Open requests by server',
        description: 'Watches included. After a roll-out they should be spread again within minutes.',
        kind: 'timeseries',
        queries: [{ expression: `sum by (server) (mvproxy_open_exchanges{${I}})`, legend: '{{server}}' }],
      },
      {
        title: 'Connections to servers',
        description: 'By set: see docs/architecture.md.',
        kind: 'timeseries',
        queries: [
          { expression: `sum by (server, set) (mvproxy_server_connections{${I}})`, legend: '{{server}} {{set}}' },
        ],
      },
    ],
  },
  {
    title: 'Decisions',
    panels: [
      {
        title: 'Requests by decision',
        description: '`mvproxy explain METHOD PATH` says what a decision means for a request.',
        kind: 'timeseries',
        unit: 'reqps',
        stacked: true,
        queries: [{ expression: `sum by (decision) (${rate('mvproxy_requests_total')})`, legend: '{{decision}}' }],
      },
      {
        title: 'Requests by class of the status',
        description: 'canceled: the client left before there was an answer.',
        kind: 'timeseries',
        unit: 'reqps',
        stacked: true,
        queries: [{ expression: `sum by (code) (${rate('mvproxy_requests_total')})`, legend: '{{code}}' }],
      },
      {
        title: 'Retries by cause',
        description: 'Requests sent again. denied: the budget was spent, and the client saw the failure.',
        kind: 'timeseries',
        unit: 'reqps',
        queries: [
          { expression: `sum by (cause) (${rate('mvproxy_retries_total')})`, legend: '{{cause}}' },
          { expression: `sum(${rate('mvproxy_retries_denied_total')})`, legend: 'denied' },
        ],
      },
      {
        title: 'Errors of the proxy',
        description: 'Answers of its own, by code: see docs/reference/errors.md.',
        kind: 'timeseries',
        unit: 'reqps',
        queries: [{ expression: `sum by (error) (${rate('mvproxy_errors_total')})`, legend: '{{error}}' }],
      },
    ],
  },
  {
    title: 'False 404s',
    panels: [
      {
        title: 'Prevented, by type',
        description: 'Requests that would have been 404 without the proxy. It stops when all servers run one version.',
        kind: 'timeseries',
        unit: 'reqps',
        queries: [
          {
            expression: `topk(10, sum by (group, version, resource) (${rate('mvproxy_false_404_prevented_total')}))`,
            legend: '{{resource}}.{{version}}.{{group}}',
          },
        ],
      },
      {
        title: 'Prevented, by client',
        description: 'Who would have been told that a type does not exist.',
        kind: 'timeseries',
        unit: 'reqps',
        queries: [
          {
            expression: `sum by (client, how) (${rate('mvproxy_false_404_prevented_total')})`,
            legend: '{{client}} {{how}}',
          },
        ],
      },
      {
        title: 'Servers that denied what they list',
        description: 'relayed reached a client; retried and unavailable did not.',
        kind: 'timeseries',
        unit: 'reqps',
        queries: [{ expression: `sum by (outcome) (${rate('mvproxy_unexpected_404_total')})`, legend: '{{outcome}}' }],
      },
      {
        title: 'Reached a client',
        description:
          'Type and client of each. `/unexpected-404s` of the admin listener of that instance names the server.',
        kind: 'table',
        queries: [
          {
            expression: `sum by (instance, group, version, resource, client) (mvproxy_unexpected_404_total{outcome="relayed",${I}}) > 0`,
          },
        ],
      },
    ],
  },
  {
    title: 'Latency',
    panels: [
      {
        title: 'Added by the proxy',
        description:
          'Of requests that a server answered: all to the response head but the time in which servers had it.',
        kind: 'timeseries',
        unit: 's',
        queries: [
          { expression: quantile(0.5, 'mvproxy_added_seconds'), legend: 'half of them' },
          { expression: quantile(0.99, 'mvproxy_added_seconds'), legend: '99 of 100' },
        ],
      },
      {
        title: 'Of the servers, 99 of 100',
        description: 'To the response head, by the server that answered. One stands out: look at that server.',
        kind: 'timeseries',
        unit: 's',
        queries: [{ expression: quantile(0.99, 'mvproxy_upstream_seconds', ', server'), legend: '{{server}}' }],
      },
      {
        title: 'To the response head',
        description: 'As clients see it, answers of the proxy itself included.',
        kind: 'timeseries',
        unit: 's',
        queries: [
          { expression: quantile(0.5, 'mvproxy_response_head_seconds'), legend: 'half of them' },
          { expression: quantile(0.99, 'mvproxy_response_head_seconds'), legend: '99 of 100' },
        ],
      },
      {
        title: 'Answered requests by server',
        description: 'How the load is spread.',
        kind: 'timeseries',
        unit: 'reqps',
        stacked: true,
        queries: [{ expression: `sum by (server) (${rate('mvproxy_upstream_seconds_count')})`, legend: '{{server}}' }],
      },
    ],
  },
  {
    title: 'Discovery',
    panels: [
      {
        title: 'Age of discovery',
        description: 'Since a server last confirmed what it serves. It is read every 2 s.',
        kind: 'timeseries',
        unit: 's',
        queries: [{ expression: `max by (server) (mvproxy_discovery_age_seconds{${I}})`, legend: '{{server}}' }],
      },
      {
        title: 'Readings that failed',
        description: 'By reason; `mvproxy status` has the sentence.',
        kind: 'timeseries',
        unit: 'reqps',
        queries: [
          {
            expression: `sum by (server, reason) (${rate('mvproxy_discovery_fetch_errors_total')})`,
            legend: '{{server}} {{reason}}',
          },
        ],
      },
      {
        title: 'From a change to the merged document',
        description: 'How long a change that was read takes to be published.',
        kind: 'timeseries',
        unit: 's',
        queries: [{ expression: quantile(0.99, 'mvproxy_discovery_publish_seconds'), legend: '99 of 100' }],
      },
      {
        title: 'What made it read early',
        description: 'unknown-resource at a steady rate: a client asks for a type that nobody has.',
        kind: 'timeseries',
        unit: 'reqps',
        queries: [
          { expression: `sum by (trigger) (${rate('mvproxy_discovery_triggers_total')})`, legend: '{{trigger}}' },
        ],
      },
      {
        title: 'Oldest OpenAPI documents',
        description: 'Since a server that has the document last said so.',
        kind: 'timeseries',
        unit: 's',
        queries: [{ expression: `topk(5, max by (path) (mvproxy_openapi_age_seconds{${I}}))`, legend: '{{path}}' }],
      },
      {
        title: 'Watches of what announces changes',
        description: 'Not watching: changes are seen within 2 s instead of at once. denied: grant deploy/rbac.yaml.',
        kind: 'table',
        queries: [{ expression: `sum by (resource, state) (mvproxy_watch_state{${I}})` }],
      },
    ],
  },
  {
    title: 'Resources',
    panels: [
      {
        title: 'Processor',
        description: 'Seconds of CPU a second. Requests are served by one thread of each process.',
        kind: 'timeseries',
        queries: [{ expression: ofProxies(rate('process_cpu_seconds_total')), legend: '{{instance}}' }],
      },
      {
        title: 'Memory',
        description: 'Resident.',
        kind: 'timeseries',
        unit: 'bytes',
        queries: [{ expression: ofProxies(`process_resident_memory_bytes{${I}}`), legend: '{{instance}}' }],
      },
      {
        title: 'Event loop delay, 99 of 100',
        description: 'What any request may have to wait for. Above 0.1 s: more processors, or --workers.',
        kind: 'timeseries',
        unit: 's',
        queries: [{ expression: ofProxies(`nodejs_eventloop_lag_p99_seconds{${I}}`), legend: '{{instance}}' }],
      },
      {
        title: 'Clients',
        description: 'What they have open.',
        kind: 'timeseries',
        queries: [
          { expression: `sum by (protocol) (mvproxy_client_connections{${I}})`, legend: 'connections {{protocol}}' },
          { expression: `sum(mvproxy_client_streams{${I}})`, legend: 'streams' },
          { expression: `sum(mvproxy_client_watches{${I}})`, legend: 'watches' },
        ],
      },
      {
        title: 'Clients that were cut off',
        description: 'HTTP/2 connections ended for what the client did, by code.',
        kind: 'timeseries',
        unit: 'reqps',
        queries: [
          { expression: `sum by (code) (${rate('mvproxy_client_connection_faults_total')})`, legend: '{{code}}' },
        ],
      },
      {
        title: 'Certificates expire in',
        description: 'The first of each file. They are read again when they are replaced.',
        kind: 'timeseries',
        unit: 's',
        queries: [
          {
            expression: `min by (certificate) (mvproxy_certificate_expiry_timestamp_seconds{${I}}) - time()`,
            legend: '{{certificate}}',
          },
        ],
      },
    ],
  },
];
