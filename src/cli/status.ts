import { setTimeout as delay } from 'node:timers/promises';
import type { StatusReport } from '../admin/status-report.ts';
import { type AdminAccess, AdminRequestError } from './admin-access.ts';
import { readAdminPage } from './admin-client.ts';
import { type CliIo, EXIT, type ExitCode } from './io.ts';
import { LiveRegion } from './live-region.ts';
import { printable } from './printable.ts';
import { type StatusFindingCode, statusFindings } from './status-findings.ts';
import type { StatusFlags } from './status-options.ts';
import { statusLine, statusText } from './status-view.ts';
import { terminalStyle } from './terminal-style.ts';
import { stopSignal } from './until-stopped.ts';

/** `mvproxy status`: servers, what is known of them, and what became of requests. */
export async function runStatus(flags: StatusFlags, io: CliIo): Promise<ExitCode> {
  try {
    if (flags.watch !== undefined) return await watchStatus(flags, flags.watch, io);
    const { text, report } = await readStatus(flags);
    io.stdout.write(flags.output === 'json' ? text : statusText(printable(report), terminalStyle(io)));
    return hasFinding(report, flags.failOn) ? EXIT.failed : EXIT.ok;
  } catch (error) {
    if (!(error instanceof AdminRequestError)) throw error;
    io.stderr.write(`${error.message}\n`);
    return error.exitCode;
  }
}

async function readStatus(access: AdminAccess): Promise<{ readonly text: string; readonly report: StatusReport }> {
  const text = await readAdminPage(access, '/status', {});
  return { text, report: JSON.parse(text) };
}

/** A proxy that does not answer is said so and asked again: it may be restarting. One that never answered is not there. */
async function watchStatus(flags: StatusFlags, seconds: number, io: CliIo): Promise<ExitCode> {
  const stopped = stopSignal(io.signals);
  const region = new LiveRegion(io.stdout);
  let wasThere = false;
  while (!stopped.aborted) {
    try {
      const { report } = await readStatus(flags);
      wasThere = true;
      show(report, flags, region, io);
      if (hasFinding(report, flags.failOn)) return EXIT.failed;
    } catch (error) {
      if (!(error instanceof AdminRequestError) || !wasThere) throw error;
      if (region.isLive && flags.output === 'text')
        region.draw([error.message, 'It is asked again; Ctrl-C ends this.']);
      else io.stderr.write(`${error.message}\n`);
    }
    await delay(seconds * 1000, undefined, { signal: stopped }).catch(() => {});
  }
  return EXIT.ok;
}

function show(report: StatusReport, { output }: StatusFlags, region: LiveRegion, io: CliIo): void {
  if (output === 'json') io.stdout.write(`${JSON.stringify(report)}\n`);
  else if (region.isLive) region.draw(statusText(printable(report), terminalStyle(io)).trimEnd().split('\n'));
  else io.stdout.write(`${statusLine(printable(report))}\n`);
}

function hasFinding(report: StatusReport, failOn: readonly StatusFindingCode[]): boolean {
  return statusFindings(report).some(({ code }) => failOn.includes(code));
}
