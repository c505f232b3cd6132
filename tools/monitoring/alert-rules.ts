import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';

const FILE = new URL('../../deploy/monitoring/prometheus-rules.yaml', import.meta.url);

const alertRule = z.strictObject({
  alert: z.string().startsWith('Mvproxy'),
  expr: z.string(),
  for: z.string().optional(),
  labels: z.strictObject({ severity: z.enum(['critical', 'warning', 'info']) }),
  annotations: z.strictObject({
    summary: z.string(),
    /** What it means. */
    description: z.string(),
    /** What to do. */
    action: z.string(),
    /** Path in the repository, with an anchor if there is one. */
    documentation: z.string(),
  }),
});
const ruleFile = z.strictObject({
  groups: z.array(z.strictObject({ name: z.string(), rules: z.array(alertRule) })),
});

export type AlertRule = z.infer<typeof alertRule>;

/** Path of the alert rules. */
export const ALERT_RULES_FILE = FILE;

/** The alert rules that are shipped, in the order of the file. Throws when one lacks something. */
export function alertRules(): readonly AlertRule[] {
  return ruleFile.parse(parse(readFileSync(FILE, 'utf8'))).groups.flatMap(({ rules }) => rules);
}
