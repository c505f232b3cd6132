import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { findPromtool } from '../../../tools/control-plane/promtool.ts';
import { ALERT_RULES_FILE } from '../../../tools/monitoring/alert-rules.ts';
import type { InputSeries } from './support-recorded-series.ts';

export const RULES = fileURLToPath(ALERT_RULES_FILE);

/** A question to the series at one moment, with the samples that have to come of it. */
export interface Expectation {
  readonly expr: string;
  /** Such as `60s`. */
  readonly at: string;
  readonly samples: readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[];
}

/** What promtool says, and whether it is content. */
export async function promtool(
  args: readonly string[],
  input = '',
): Promise<{ readonly ok: boolean; readonly text: string }> {
  const program = await findPromtool();
  return new Promise((resolve) => {
    const child = execFile(program, args, (error, stdout, stderr) =>
      resolve({ ok: error === null, text: `${stdout}${stderr}` }),
    );
    child.stdin?.end(input);
  });
}

/** Lets the shipped alert rules run over `series` second after second; '' or what is not as expected. */
export async function testRules(
  series: readonly InputSeries[],
  expectations: readonly Expectation[],
  interval = '1s',
): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'mvproxy-rules-'));
  try {
    const file = join(directory, 'test.yaml');
    const test = {
      rule_files: [RULES],
      evaluation_interval: interval,
      tests: [
        {
          interval,
          input_series: series,
          promql_expr_test: expectations.map(({ expr, at, samples }) => ({
            expr,
            eval_time: at,
            exp_samples: samples.map(({ labels, value }) => ({ labels: labelText(labels), value })),
          })),
        },
      ],
    };
    await writeFile(file, stringify(test));
    const { ok, text } = await promtool(['test', 'rules', file]);
    return ok ? '' : text;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** An expression for the labels of the alerts that fire. */
export function firing(alert: string, by: readonly string[]): string {
  return `count by (${by.join(', ')}) (ALERTS{alertname="${alert}",alertstate="firing"})`;
}

function labelText({ __name__: name = '', ...labels }: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return `${name}{${pairs.join(', ')}}`;
}
