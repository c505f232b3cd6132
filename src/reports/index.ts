import { decisionsReport } from './decisions-report.ts';
import { explainReport } from './explain-report.ts';
import { historyReport } from './history-report.ts';
import { preflightReport } from './preflight-report.ts';
import type { Report } from './report.ts';
import { skewReport } from './skew-report.ts';
import { statusReportSchema } from './status-report.ts';
import { timelineReport } from './timeline-report.ts';
import { unexpected404sReport } from './unexpected-404s-report.ts';
import { verifyReport } from './verify-report.ts';

/** Every JSON output, in the order of docs/reference/output.md. */
export const reports: readonly Report[] = [
  explainReport,
  skewReport,
  verifyReport,
  statusReportSchema,
  preflightReport,
  decisionsReport,
  unexpected404sReport,
  timelineReport,
  historyReport,
];
