import type { LabelValues, MetricDescription } from '../../src/observe/metrics/metric-description.ts';
import { METRIC_TOPICS } from '../../src/observe/metrics/metric-topics.ts';
import { code, page } from './markdown.ts';

/** `metrics.md`: every metric, its labels, and what to do when it moves. */
export function metricsPage(): string {
  return page(
    '# Metrics',
    'Generated from the tables in `src/observe/metrics`; edit those, then run the generator in `tools/reference`.',
    [
      'The admin listener serves them at `/metrics`; [monitoring](../monitoring.md) says how to scrape them, and brings a dashboard and',
      'alert rules. Labels are bounded, whatever clients ask for. Histograms have `_bucket`, `_sum` and `_count`, and the label `le` in',
      'the first.',
    ].join('\n'),
    ...METRIC_TOPICS.flatMap(({ title, where, metrics }) => [
      `## ${title}`,
      ...(where === undefined ? [] : [where]),
      ...Object.entries(metrics).flatMap(([name, description]) => section(name, description)),
    ]),
  );
}

function section(name: string, { type, help, labels, action }: MetricDescription): string[] {
  const list = Object.entries(labels).map(([label, values]) => `- ${code(label)}: ${valuesText(values)}`);
  return [
    `### ${name}`,
    `${type[0]?.toUpperCase()}${type.slice(1)}. ${help}`,
    ...(list.length === 0 ? [] : [list.join('\n')]),
    `What to do: ${action}`,
  ];
}

function valuesText(values: LabelValues): string {
  return typeof values === 'string' ? values : values.map(code).join(', ');
}
