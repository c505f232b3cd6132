import { alertRules } from '../monitoring/alert-rules.ts';
import { code, page } from './markdown.ts';

/** `alerts.md`: every alert that is shipped, what it means and what to do. */
export function alertsPage(): string {
  return page(
    '# Alerts',
    'Generated from `deploy/monitoring/prometheus-rules.yaml`; edit that, then run the generator in `tools/reference`.',
    'How to load the rules: [monitoring](../monitoring.md). What each metric is: [metrics](metrics.md).',
    ...alertRules().flatMap(({ alert, expr, for: patience, labels, annotations }) => [
      `## ${alert}`,
      `${labels.severity}${patience === undefined ? '' : `, after ${patience}`}. ${templateText(annotations.summary)}`,
      annotations.description,
      `What to do: ${annotations.action} See [${annotations.documentation}](../../${annotations.documentation}).`,
      `${'```'}promql\n${expr.trim()}\n${'```'}`,
    ]),
  );
}

/** Prometheus' templates as words: `{{ $labels.server }}` is the server, in code. */
function templateText(text: string): string {
  return text.replace(/\{\{ \$(?:labels[.])?(\w+)[^}]*\}\}/g, (_, name: string) => code(name.toUpperCase()));
}
