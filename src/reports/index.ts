import { explainReport } from './explain-report.ts';
import type { Report } from './report.ts';
import { skewReport } from './skew-report.ts';
import { statusReportSchema } from './status-report.ts';
import { verifyReport } from './verify-report.ts';

/** Every JSON output, in the order of docs/reference/output.md. */
export const reports: readonly Report[] = [explainReport, skewReport, verifyReport, statusReportSchema];
