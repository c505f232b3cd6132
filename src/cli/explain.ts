import type { RequestExplanation } from '../admin/explain-page.ts';
import { AdminRequestError, readAdminPage } from './admin-client.ts';
import type { ExplainFlags } from './explain-options.ts';
import { explainText } from './explain-view.ts';
import { type CliIo, EXIT, type ExitCode } from './io.ts';
import { terminalStyle } from './terminal-style.ts';

/** `mvproxy explain`: how a URL is read, who serves it, which server would answer and why. */
export async function runExplain(method: string, path: string, flags: ExplainFlags, io: CliIo): Promise<ExitCode> {
  try {
    const { adminServer, server, userAgent: client, output } = flags;
    const text = await readAdminPage(adminServer, '/explain', { method, path, server, client });
    const explanation: RequestExplanation = JSON.parse(text);
    io.stdout.write(output === 'json' ? text : explainText(explanation, terminalStyle(io)));
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof AdminRequestError)) throw error;
    io.stderr.write(`${error.message}\n`);
    return error.exitCode;
  }
}
