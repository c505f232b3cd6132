import { configurationJsonSchema } from '../../src/config/fields.ts';
import { reports } from '../../src/reports/index.ts';
import { dashboard } from '../monitoring/dashboard.ts';
import { alertsPage } from './alerts-page.ts';
import { commandsPage } from './commands-page.ts';
import { configurationPage } from './configuration-page.ts';
import { errorsPage } from './errors-page.ts';
import { flagsPage } from './flags-page.ts';
import { jsonText } from './json-text.ts';
import { labDifferencesPage } from './lab-differences-page.ts';
import { logPage } from './log-page.ts';
import { metricsPage } from './metrics-page.ts';
import { outputPage, outputSchema } from './output-page.ts';
import { preflightPage } from './preflight-page.ts';
import { remarksPage } from './remarks-page.ts';

/** Path from `docs/reference` → content. */
export function referencePages(): ReadonlyMap<string, string> {
  return new Map([
    ['commands.md', commandsPage()],
    ['flags.md', flagsPage()],
    ['configuration.md', configurationPage()],
    ['configuration.schema.json', `${jsonText(configurationJsonSchema)}\n`],
    ['errors.md', errorsPage()],
    ['lab-differences.md', labDifferencesPage()],
    ['metrics.md', metricsPage()],
    ['log.md', logPage()],
    ['alerts.md', alertsPage()],
    ['verify-remarks.md', remarksPage()],
    ['../../deploy/monitoring/grafana-dashboard.json', `${jsonText(dashboard())}\n`],
    ['preflight-checks.md', preflightPage()],
    ['output.md', outputPage()],
    ...reports.map((report) => [`output/${report.name}.schema.json`, `${jsonText(outputSchema(report))}\n`] as const),
  ]);
}
