import type { SurfacingReport, SurfacingVerdict } from '../surfacing/surfacing-report.ts';
import { SurfacingTargetError, surfacingTarget } from '../surfacing/surfacing-target.ts';
import { AdminRequestError, readAdminPage } from './admin-client.ts';
import { type CliIo, EXIT, type ExitCode } from './io.ts';
import { terminalStyle } from './terminal-style.ts';
import type { FailOn, VerifyFlags } from './verify-options.ts';
import { verifyText } from './verify-view.ts';

/** Verdicts that end with exit code 1. */
const FINDINGS: Readonly<Record<FailOn, readonly SurfacingVerdict[]>> = {
  'not-surfaced': ['not-surfaced'],
  remarks: ['not-surfaced', 'surfaced-with-remarks'],
  never: [],
};

/** `mvproxy verify`: whether every server, and the proxy in every shape, surfaces a type, and why not. */
export async function runVerify(target: string, flags: VerifyFlags, io: CliIo): Promise<ExitCode> {
  try {
    surfacingTarget(target);
    const text = await readAdminPage(flags.adminServer, '/verify', { target: target === '' ? 'core' : target });
    const report: SurfacingReport = JSON.parse(text);
    io.stdout.write(flags.output === 'json' ? text : verifyText(report, terminalStyle(io)));
    return FINDINGS[flags.failOn].includes(report.verdict) ? EXIT.failed : EXIT.ok;
  } catch (error) {
    if (!(error instanceof AdminRequestError || error instanceof SurfacingTargetError)) throw error;
    io.stderr.write(`${error.message}\n`);
    return error instanceof AdminRequestError ? error.exitCode : EXIT.usage;
  }
}
