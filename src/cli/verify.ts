import type { SurfacingReport, SurfacingVerdict } from '../surfacing/surfacing-report.ts';
import { SurfacingTargetError, surfacingTarget } from '../surfacing/surfacing-target.ts';
import { AdminRequestError } from './admin-access.ts';
import { readAdminPage } from './admin-client.ts';
import { type CliIo, EXIT, type ExitCode } from './io.ts';
import { printable } from './printable.ts';
import { readDocumentServers } from './sources/document-servers.ts';
import { SourceError } from './sources/source-error.ts';
import { verifyDocuments } from './sources/verify-documents.ts';
import { terminalStyle, wrapText } from './terminal-style.ts';
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
    const { text, note } = await answer(target, flags, io);
    const report: SurfacingReport = JSON.parse(text);
    const style = terminalStyle(io);
    const shown = () =>
      [verifyText(printable(report), style), ...wrapText(note, style.columns, 0)].join('\n').trimEnd();
    io.stdout.write(flags.output === 'json' ? text : `${shown()}\n`);
    return FINDINGS[flags.failOn].includes(report.verdict) ? EXIT.failed : EXIT.ok;
  } catch (error) {
    const isRefusal = error instanceof AdminRequestError || error instanceof SourceError;
    if (!(isRefusal || error instanceof SurfacingTargetError)) throw error;
    io.stderr.write(`${error.message}\n`);
    return isRefusal ? error.exitCode : EXIT.usage;
  }
}

const NO_PROXY = 'No proxy was asked: its column is what one in front of these servers would publish.';

/** The report as JSON, by a running proxy or by the servers of contexts. */
async function answer(
  target: string,
  flags: VerifyFlags,
  io: CliIo,
): Promise<{ readonly text: string; readonly note: string }> {
  const documents = await readDocumentServers(flags, io);
  if (documents === undefined) {
    const query = { target: target === '' ? 'core' : target };
    return { text: await readAdminPage(flags, '/verify', query), note: '' };
  }
  try {
    const report = await verifyDocuments(documents.servers, target);
    return { text: `${JSON.stringify(report, undefined, 2)}\n`, note: NO_PROXY };
  } finally {
    await documents.close();
  }
}
