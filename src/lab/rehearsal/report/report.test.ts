import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ColumnResult } from '../result.ts';
import { FINDINGS, isHarmful } from './findings.ts';
import { htmlReport } from './html-report.ts';
import { summaryRows } from './summary.ts';
import { column, result } from './testing/results.ts';
import { writeReport } from './write-report.ts';

const HARMFUL: Readonly<Record<string, Partial<ColumnResult>>> = {
  'false 404s': { false404s: { total: 1, byResource: [], byClient: [], whileDown: 0, examples: [] } },
  '404s instead of 503': { false404s: { total: 0, byResource: [], byClient: [], whileDown: 1, examples: [] } },
  'incomplete discovery': { discovery: { answers: 5, incomplete: 1, vanished: 0, distinct: [], examples: [] } },
  'types that vanished': { discovery: { answers: 5, incomplete: 0, vanished: 1, distinct: [], examples: [] } },
  'dependents wrongly collected': { dependents: { live: 2, wronglyCollected: 1, byRound: [], examples: [] } },
  'namespaces leaked': { namespaces: { deleted: 1, leaked: [{ namespace: 'n', objects: ['x'] }], stuck: [] } },
  'namespaces stuck': { namespaces: { deleted: 1, leaked: [], stuck: [{ namespace: 'n', why: 'y' }] } },
  'acknowledged writes lost': { writes: { acknowledged: 5, lost: 1, examples: [] } },
  'watch events missed': { watches: { informers: 1, expected: 2, missed: 1, relists: 0, watches: 1, examples: [] } },
};

test('a column without damage does no harm, whatever failed on the way', () => {
  assert.equal(isHarmful(column()), false);
});

for (const [name, changes] of Object.entries(HARMFUL)) {
  test(`${name} are harm, and their line says so`, () => {
    const harmful = column(changes);
    assert.equal(isHarmful(harmful), true);
    const lines = FINDINGS.filter(({ harm }) => harm !== undefined && harm(harmful) > 0).map((finding) => finding.name);
    assert.deepEqual(lines, [name]);
  });
}

test('every line that counts damage is tested above', () => {
  const counting = FINDINGS.filter(({ harm }) => harm !== undefined).map(({ name }) => name);
  assert.deepEqual(counting, Object.keys(HARMFUL));
});

test('a column that did not run to its end proves nothing', () => {
  assert.equal(isHarmful(column({ failure: 'the plane did not start' })), true);
});

test('the summary has a row for each line and ends with the verdict', () => {
  const rows = summaryRows(result(column({ ...HARMFUL['false 404s'], name: 'balancer' }), column()));
  assert.deepEqual(rows[0], ['', 'balancer', 'gateway']);
  assert.deepEqual(rows[2], ['false 404s', '1', '0']);
  assert.deepEqual(rows.at(-2), ['p99 ms', '9.4', '9.4']);
  assert.deepEqual(rows.at(-1), ['verdict', 'HARM', 'no harm']);
});

test('what was done on purpose is said, so that nobody blames the proxy for it', () => {
  const found = result(column());
  const wrong404 = { group: 'resource.k8s.io', resource: 'devicetaintrules', isHeld: false };
  const sentence = /denied devicetaintrules\.resource\.k8s\.io on purpose/;
  assert.match(htmlReport({ ...found, environment: { ...found.environment, wrong404 } }), sentence);
  assert.doesNotMatch(htmlReport(found), /on purpose/);
});

test('the page needs nothing but itself', () => {
  const page = htmlReport(result(column()));
  assert.doesNotMatch(page, /<script|src=|href=|url\(|@import/i);
  assert.match(page, /default-src 'none'/);
});

test('names from a cluster cannot become markup (stored cross-site scripting)', () => {
  const evil = '<img src=x onerror=alert(1)>';
  const page = htmlReport(
    result(
      column({
        name: evil,
        unmet: [evil],
        failure: evil,
        watches: { informers: 0, expected: 0, missed: 1, relists: 0, watches: 0, examples: [evil] },
        timeline: { startedAt: 0, seconds: [], marks: [{ at: 0, kind: 'phase', text: evil }] },
      }),
    ),
  );
  assert.doesNotMatch(page, /<img/);
  assert.match(page, /&lt;img src=x/);
});

test('a second without answers leaves a hole in the curve of latency', () => {
  const page = htmlReport(result(column()));
  const curves = [...page.matchAll(/<path class="curve blue" d="([^"]*)"/g)].map(([, d = '']) => d);
  assert.ok(
    curves.some((d) => d.split('M').length === 2 && !d.includes('L') && d !== 'M0 4H26'),
    'p50 has one point',
  );
  assert.ok(
    curves.some((d) => d.includes('L')),
    'requests have two',
  );
});

test('the report is written into a directory that did not exist', async (t) => {
  const parent = await mkdtemp(join(tmpdir(), 'mvproxy-report-'));
  t.after(() => rm(parent, { recursive: true }));
  const whole = result(column());
  const { html, json } = await writeReport(join(parent, 'a', 'b'), whole);
  assert.deepEqual(JSON.parse(await readFile(json, 'utf8')), whole);
  assert.equal(await readFile(html, 'utf8'), htmlReport(whole));
});
