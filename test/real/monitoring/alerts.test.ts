import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { alertRules } from '../../../tools/monitoring/alert-rules.ts';
import { promtool, RULES, testRules } from './support-promtool.ts';

/** `series` with `values` in promtool's notation, a minute apart, make the alert fire after so many minutes, and not before. */
interface AlertCase {
  readonly alert: string;
  readonly series: Readonly<Record<string, string>>;
  readonly silentAt: number;
  readonly firingAt: number;
  /** Of the alert that fires, besides name and severity. */
  readonly labels: Readonly<Record<string, string>>;
}

const TYPE = 'group="apps",version="v1",resource="deployments",client="kubectl"';
const TYPE_LABELS = { group: 'apps', version: 'v1', resource: 'deployments', client: 'kubectl' };

const CASES: readonly AlertCase[] = [
  {
    alert: 'MvproxyUnexpected404',
    // Nothing but one event, with which the series begins.
    series: { [`mvproxy_unexpected_404_total{${TYPE},outcome="relayed"}`]: '_ _ 1x5' },
    silentAt: 1,
    firingAt: 2,
    labels: { ...TYPE_LABELS, outcome: 'relayed' },
  },
  {
    alert: 'MvproxyUnexpected404',
    series: { [`mvproxy_unexpected_404_total{${TYPE},outcome="relayed"}`]: '1x20 2x5' },
    silentAt: 15,
    firingAt: 22,
    labels: { ...TYPE_LABELS, outcome: 'relayed' },
  },
  {
    alert: 'MvproxyUnexpected404',
    // One before a restart, and one after it.
    series: {
      [`mvproxy_unexpected_404_total{instance="a",${TYPE},outcome="relayed"}`]: '1x14 stale _ 1x5',
      'process_start_time_seconds{instance="a"}': '0x14 960x6',
    },
    silentAt: 15,
    firingAt: 18,
    labels: { ...TYPE_LABELS, instance: 'a', outcome: 'relayed' },
  },
  {
    alert: 'MvproxyNoCapableServer',
    series: { 'mvproxy_requests_total{instance="a",decision="CapableServersNotReady",code="5xx"}': '0 0+5x10' },
    silentAt: 3,
    firingAt: 6,
    labels: { instance: 'a', decision: 'CapableServersNotReady' },
  },
  {
    alert: 'MvproxyRetryBudgetExhausted',
    series: { 'mvproxy_retries_denied_total{instance="a"}': '0x3 7x5' },
    silentAt: 3,
    firingAt: 5,
    labels: { instance: 'a' },
  },
  {
    alert: 'MvproxyDefect',
    series: { 'mvproxy_errors_total{instance="a",error="MVP_INTERNAL"}': '_ _ 1x3' },
    silentAt: 1,
    firingAt: 2,
    labels: { instance: 'a', error: 'MVP_INTERNAL' },
  },
  {
    alert: 'MvproxyDefect',
    series: {
      'mvproxy_errors_total{instance="a",error="MVP_INTERNAL"}': '1x14 stale _ 1x5',
      'process_start_time_seconds{instance="a"}': '0x14 960x6',
    },
    silentAt: 15,
    firingAt: 18,
    labels: { instance: 'a', error: 'MVP_INTERNAL' },
  },
  {
    alert: 'MvproxyServerNotReady',
    series: { 'mvproxy_server_state{instance="a",server="one",state="draining"}': '_ 1x9' },
    silentAt: 5,
    firingAt: 7,
    labels: { instance: 'a', server: 'one' },
  },
  {
    alert: 'MvproxyServerNotReady',
    // Hangs, is looked at, hangs: never ready, whatever the state is called.
    series: {
      'mvproxy_server_state{instance="a",server="one",state="unready"}': '_ _ 1x2 _ 1x8',
      'mvproxy_server_state{instance="a",server="one",state="confirming"}': '_x4 1 _x8',
      'mvproxy_server_state{instance="a",server="one",state="ready"}': '1 1 _x10',
    },
    silentAt: 6,
    firingAt: 11,
    labels: { instance: 'a', server: 'one' },
  },
  {
    alert: 'MvproxyDiscoveryStale',
    series: {
      'mvproxy_discovery_age_seconds{instance="a",server="one"}': '1 1 61+60x5',
      'mvproxy_server_state{instance="a",server="one",state="ready"}': '1x10',
      // Of a server that is away its alert speaks.
      'mvproxy_discovery_age_seconds{instance="a",server="two"}': '600x10',
      'mvproxy_server_state{instance="a",server="two",state="unready"}': '1x4',
    },
    silentAt: 2,
    firingAt: 4,
    labels: { instance: 'a', server: 'one' },
  },
  {
    alert: 'MvproxyDiscoveryConflict',
    series: { 'mvproxy_discovery_conflicts{instance="a"}': '0 2x20' },
    silentAt: 8,
    firingAt: 12,
    labels: { instance: 'a' },
  },
  {
    alert: 'MvproxyOpenAPIStale',
    series: { 'mvproxy_openapi_age_seconds{instance="a",path="apis/apps/v1"}': '1 301+60x20' },
    silentAt: 5,
    firingAt: 7,
    labels: { instance: 'a' },
  },
  {
    alert: 'MvproxyUpgradeUnfinished',
    series: { 'mvproxy_skew_minors{instance="a"}': '0 1x1500' },
    silentAt: 1430,
    firingAt: 1445,
    labels: { instance: 'a' },
  },
  {
    alert: 'MvproxyMembershipSourceDown',
    series: { 'mvproxy_membership_source_up{instance="a",source="dns/x"}': '1 0x10' },
    silentAt: 5,
    firingAt: 7,
    labels: { instance: 'a', source: 'dns/x' },
  },
  {
    alert: 'MvproxyAbsent',
    series: { 'mvproxy_build_info{instance="a"}': '1 1 stale _x20' },
    silentAt: 4,
    firingAt: 9,
    labels: {},
  },
  {
    alert: 'MvproxyNotReady',
    series: { 'mvproxy_ready{instance="a"}': '1 0x10' },
    silentAt: 1,
    firingAt: 3,
    labels: { instance: 'a' },
  },
  {
    alert: 'MvproxyServerLocalView',
    series: { 'mvproxy_view{instance="a",view="server-local"}': '_ 1x10' },
    silentAt: 5,
    firingAt: 7,
    labels: { instance: 'a', view: 'server-local' },
  },
  {
    alert: 'MvproxyReloadFailed',
    series: { 'mvproxy_reload_errors_total{instance="a"}': '0 0 0 1x5' },
    silentAt: 2,
    firingAt: 4,
    labels: { instance: 'a' },
  },
  {
    alert: 'MvproxyCertificateExpires',
    // Unix time begins with the test: a week and five minutes are left.
    series: { 'mvproxy_certificate_expiry_timestamp_seconds{instance="a",certificate="serving"}': '605100x10' },
    silentAt: 4,
    firingAt: 6,
    labels: { instance: 'a', certificate: 'serving' },
  },
  {
    alert: 'MvproxyPublishingDown',
    series: { 'mvproxy_publishing_up{instance="a"}': '1 0x10' },
    silentAt: 5,
    firingAt: 7,
    labels: { instance: 'a' },
  },
];

describe('the alert rules', () => {
  it('are rules to promtool', async () => {
    const { ok, text } = await promtool(['check', 'rules', RULES]);
    assert.ok(ok, text);
    assert.match(text, new RegExp(`SUCCESS: ${alertRules().length} rules found`));
  });

  it('are all tried below', () => {
    assert.deepEqual(
      [...new Set(CASES.map(({ alert }) => alert))].sort(),
      alertRules()
        .map(({ alert }) => alert)
        .sort(),
    );
  });

  for (const { alert, series, silentAt, firingAt, labels } of CASES) {
    it(`${alert} fires over ${Object.values(series)[0]} after ${firingAt} minutes, and not after ${silentAt}`, async () => {
      const severity = alertRules().find((rule) => rule.alert === alert)?.labels.severity ?? '';
      const fires = { __name__: 'ALERTS', alertname: alert, alertstate: 'firing', severity };
      const expr = `ALERTS{alertname="${alert}",alertstate="firing"}`;
      const input = Object.entries(series).map(([name, values]) => ({ series: name, values }));
      const problems = await testRules(
        input,
        [
          { expr, at: `${silentAt}m`, samples: [] },
          { expr, at: `${firingAt}m`, samples: [{ labels: { ...fires, ...labels }, value: 1 }] },
        ],
        '1m',
      );
      assert.equal(problems, '');
    });
  }
});
