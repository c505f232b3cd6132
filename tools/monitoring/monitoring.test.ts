import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { METRICS } from '../../src/observe/metrics/metric-topics.ts';
import { PROCESS_METRICS } from '../../src/observe/metrics/process-metrics.ts';
import { anchor } from '../reference/markdown.ts';
import { alertRules } from './alert-rules.ts';
import { DASHBOARD_ROWS } from './dashboard-rows.ts';
import { expressionProblems } from './expression-names.ts';
import { layOut } from './panel.ts';

const ROOT = new URL('../../', import.meta.url);

for (const { title, panels } of DASHBOARD_ROWS) {
  test(`the dashboard's row "${title}" shows metrics that there are, by labels that they have`, () => {
    for (const { title: panel, queries } of panels) {
      for (const { expression, legend = '' } of queries) {
        assert.deepEqual(expressionProblems(expression, METRICS), [], panel);
        const shown = [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);
        for (const label of shown)
          assert.match(expression, new RegExp(`\\b${label}\\b|^rate|^process_|^nodejs_`), panel);
      }
    }
  });
}

test('what every program has is shown of proxies alone', () => {
  const shared = new RegExp(`\\b(?:${Object.keys(PROCESS_METRICS).join('|')})\\b`);
  const expressions = DASHBOARD_ROWS.flatMap(({ panels }) => panels.flatMap(({ queries }) => queries));
  const asked = expressions.filter(({ expression }) => shared.test(expression));
  assert.ok(asked.length > 0);
  for (const { expression } of asked) assert.match(expression, / and on \(job, instance\) mvproxy_build_info$/);
});

test('no panel of the dashboard lies on another one, and each says what to do with it', () => {
  const taken = new Set<string>();
  for (const panel of layOut(DASHBOARD_ROWS)) {
    const { gridPos, title } = panel as { gridPos: { x: number; y: number; w: number; h: number }; title: string };
    assert.ok(gridPos.x + gridPos.w <= 24, title);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        assert.ok(!taken.has(`${x} ${y}`), title);
        taken.add(`${x} ${y}`);
      }
    }
  }
  const all = DASHBOARD_ROWS.flatMap(({ panels }) => panels);
  for (const { title, description } of all) assert.ok(description.length > 0, title);
  assert.equal(new Set(all.map(({ title }) => title)).size, all.length);
});

for (const { alert, expr, annotations } of alertRules()) {
  test(`${alert} asks for metrics that there are, and leads to a page that there is`, () => {
    assert.deepEqual(expressionProblems(expr, METRICS), []);
    const [file = '', heading] = annotations.documentation.split('#');
    assert.ok(existsSync(new URL(file, ROOT)), annotations.documentation);
    if (heading === undefined) return;
    const headings = [...readFileSync(new URL(file, ROOT), 'utf8').matchAll(/^#+ (.*)$/gm)];
    assert.ok(
      headings.some(([, text = '']) => anchor(text) === heading),
      annotations.documentation,
    );
  });
}

test('every alert has a name of its own', () => {
  const names = alertRules().map(({ alert }) => alert);
  assert.equal(new Set(names).size, names.length);
});
