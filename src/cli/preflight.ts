import { loadConfiguration } from '../config/load.ts';
import { ConfigurationError } from '../config/problem.ts';
import { foundServers } from '../daemon/found-servers.ts';
import { readMaterial } from '../daemon/material.ts';
import { preflightSetting, problemsOf } from '../daemon/preflight.ts';
import { unreadableConfiguration } from '../preflight/checks/configuration.ts';
import type { PreflightReport } from '../preflight/preflight-report.ts';
import { preflightReport, runPreflight } from '../preflight/run-preflight.ts';
import { AdminRequestError } from './admin-access.ts';
import { readAdminPage } from './admin-client.ts';
import { type CliIo, EXIT, type ExitCode } from './io.ts';
import { LiveRegion } from './live-region.ts';
import type { PreflightFailOn, PreflightRequest } from './preflight-options.ts';
import { preflightTarget } from './preflight-target.ts';
import { preflightText } from './preflight-view.ts';
import { printable } from './printable.ts';
import { SourceError } from './sources/source-error.ts';
import { terminalStyle } from './terminal-style.ts';

/** `mvproxy preflight`: proves each link, of a running proxy or of a configuration. */
export async function runPreflightCommand(request: PreflightRequest, io: CliIo): Promise<ExitCode> {
  const progress = new LiveRegion(io.stderr);
  try {
    const isOwn = request.config !== undefined || request.configuration.size > 0;
    progress.draw(['Every link is being proved; that takes some seconds where servers do not answer.']);
    const { report, exitCode } = isOwn ? await proveHere(request, io) : await askProxy(request);
    progress.draw([]);
    const text = request.output === 'json' ? `${JSON.stringify(report, undefined, 2)}\n` : undefined;
    io.stdout.write(text ?? preflightText(printable(report), terminalStyle(io)));
    return exitCode ?? (isFinding(report, request.failOn) ? EXIT.failed : EXIT.ok);
  } catch (error) {
    progress.draw([]);
    if (!(error instanceof AdminRequestError || error instanceof SourceError)) throw error;
    io.stderr.write(`${error.message}\n`);
    return error.exitCode;
  }
}

interface Proved {
  readonly report: PreflightReport;
  /** Where the report does not decide. */
  readonly exitCode?: ExitCode;
}

async function askProxy(request: PreflightRequest): Promise<Proved> {
  const report: PreflightReport = JSON.parse(await readAdminPage(request, '/preflight', { to: request.to }));
  return { report };
}

async function proveHere({ config, configuration: flags, to }: PreflightRequest, io: CliIo): Promise<Proved> {
  const target = to === undefined ? undefined : await preflightTarget(to, io);
  const read = async () => {
    const configuration = await loadConfiguration({ configFile: config, flags, directory: io.directory });
    return { configuration, material: await readMaterial(configuration) };
  };
  try {
    const { configuration, material } = await read();
    const found = await foundServers(configuration, material);
    const reread = () => Promise.resolve();
    const setting = preflightSetting({ configuration, material, ...found, usage: undefined, target, reread });
    return { report: await runPreflight(setting) };
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const checks = unreadableConfiguration(problemsOf(error));
    return { report: preflightReport({ checks, now: Date.now(), to: target?.name }), exitCode: EXIT.usage };
  }
}

function isFinding({ verdict }: PreflightReport, failOn: PreflightFailOn): boolean {
  return failOn === 'never' ? false : verdict === 'fail' || verdict === failOn;
}
