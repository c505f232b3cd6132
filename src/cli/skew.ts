import { AdminError } from '../admin/admin-page.ts';
import type { SkewReport } from '../skew/skew-report.ts';
import { AdminRequestError } from './admin-access.ts';
import { readAdminPage } from './admin-client.ts';
import { type CliIo, EXIT, type ExitCode } from './io.ts';
import { printable } from './printable.ts';
import { skewHtml } from './skew-html.ts';
import { skewMarkdown } from './skew-markdown.ts';
import type { SkewFlags } from './skew-options.ts';
import { skewText } from './skew-view.ts';
import { compareDocuments } from './sources/compare-documents.ts';
import { readDocumentServers } from './sources/document-servers.ts';
import { SourceError } from './sources/source-error.ts';
import { terminalStyle } from './terminal-style.ts';

/** `mvproxy skew`: what servers serve, and with `--storage` write, compared. */
export async function runSkew(flags: SkewFlags, io: CliIo): Promise<ExitCode> {
  try {
    requireStorage(flags);
    const report = await readReport(flags, io);
    io.stdout.write(outputOf(report, flags, io));
    return report.findings.some(({ code }) => flags.failOn.codes.includes(code)) ? EXIT.failed : EXIT.ok;
  } catch (error) {
    if (!(error instanceof AdminRequestError || error instanceof SourceError || error instanceof AdminError))
      throw error;
    io.stderr.write(`${error.message}\n`);
    return error instanceof AdminError ? EXIT.usage : error.exitCode;
  }
}

/** A finding that is not looked for would never end anything. */
function requireStorage({ failOn, storage }: SkewFlags): void {
  const named = failOn.named.filter((code) => code.startsWith('StorageVersion'));
  if (storage === true || named.length === 0) return;
  throw new SourceError(EXIT.usage, `--fail-on ${named.join(',')} needs --storage: otherwise nobody is asked for it.`);
}

async function readReport(flags: SkewFlags, io: CliIo): Promise<SkewReport> {
  const { group, all, storage } = flags;
  const documents = await readDocumentServers(flags, io);
  if (documents === undefined) {
    const query = {
      group: group === '' ? 'core' : group,
      differences: all === true ? undefined : 'true',
      storage: storage === true ? 'true' : undefined,
    };
    return JSON.parse(await readAdminPage(flags, '/skew', query));
  }
  try {
    return await compareDocuments(documents.servers, { group, differences: all !== true, storage: storage === true });
  } finally {
    await documents.close();
  }
}

function outputOf(report: SkewReport, { output, all = false }: SkewFlags, io: CliIo): string {
  switch (output) {
    case 'json':
      return `${JSON.stringify(report, undefined, 2)}\n`;
    case 'markdown':
      return skewMarkdown(printable(report));
    case 'html':
      return skewHtml(printable(report));
    case 'text':
      return skewText(printable(report), terminalStyle(io), all);
  }
}
