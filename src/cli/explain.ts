import type { RequestExplanation } from '../admin/request-explanation.ts';
import { AdminRequestError } from './admin-access.ts';
import { readAdminPage } from './admin-client.ts';
import type { ExplainFlags } from './explain-options.ts';
import { explainText } from './explain-view.ts';
import { type CliIo, EXIT, type ExitCode } from './io.ts';
import { printable } from './printable.ts';
import { readDocumentServers } from './sources/document-servers.ts';
import { explainDocuments } from './sources/explain-documents.ts';
import { SourceError } from './sources/source-error.ts';
import { terminalStyle } from './terminal-style.ts';

/** `mvproxy explain`: how a URL is read, who serves it, which server would answer and why. */
export async function runExplain(method: string, path: string, flags: ExplainFlags, io: CliIo): Promise<ExitCode> {
  try {
    requireQuestion(method, path);
    const text = await answer(method, path, flags, io);
    const explanation: RequestExplanation = JSON.parse(text);
    io.stdout.write(flags.output === 'json' ? text : explainText(printable(explanation), terminalStyle(io)));
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof AdminRequestError || error instanceof SourceError)) throw error;
    io.stderr.write(`${error.message}\n`);
    return error.exitCode;
  }
}

/** Whoever is asked, this is no question. */
function requireQuestion(method: string, path: string): void {
  if (!/^[A-Za-z]+$/.test(method)) {
    throw new SourceError(EXIT.usage, `The method must be one of HTTP, such as GET or POST: ${method}`);
  }
  if (!path.startsWith('/')) {
    throw new SourceError(EXIT.usage, `The path must begin with "/", as in /api/v1/pods: ${path}`);
  }
}

/** The explanation as JSON, by a running proxy or by documents. */
async function answer(method: string, path: string, flags: ExplainFlags, io: CliIo): Promise<string> {
  const { server, userAgent: client } = flags;
  const documents = await readDocumentServers(flags, io);
  if (documents === undefined) return readAdminPage(flags, '/explain', { method, path, server, client });
  try {
    const explanation = await explainDocuments(documents.servers, method, path, { server, userAgent: client });
    return `${JSON.stringify(explanation, undefined, 2)}\n`;
  } finally {
    await documents.close();
  }
}
