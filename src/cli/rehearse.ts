import { randomInt } from 'node:crypto';
import { resolve } from 'node:path';
import { DEFAULT_BOUNDS } from '../lab/rehearsal/bounds.ts';
import { ColumnError, type ColumnName, rehearsalColumn } from '../lab/rehearsal/columns.ts';
import { rehearse } from '../lab/rehearsal/rehearse.ts';
import { isHarmful } from '../lab/rehearsal/report/findings.ts';
import { summaryRows, wrong404Sentence } from '../lab/rehearsal/report/summary.ts';
import { writeReport } from '../lab/rehearsal/report/write-report.ts';
import type { RehearsalResult, Wrong404 } from '../lab/rehearsal/result.ts';
import { type CliIo, EXIT, type ExitCode } from './io.ts';
import { describeLabFailure } from './lab.ts';
import { createLogger } from './logger.ts';
import { namedPrograms, namedVersion } from './named-programs.ts';
import { RehearsalView } from './rehearsal-view.ts';
import type { RehearseFlags } from './rehearse-options.ts';
import { textTable } from './text-table.ts';
import { stopSignal } from './until-stopped.ts';

/** `mvproxy lab rehearse`: a rolling upgrade under load, once for each way to front the servers. */
export async function runRehearsal(flags: RehearseFlags, io: CliIo, run = rehearse): Promise<ExitCode> {
  const { seed = randomInt(2 ** 32), servers = DEFAULT_BOUNDS.servers, v } = flags;
  const logger = createLogger({ output: io.stderr, verbosity: v, environment: io.environment });
  const quiet = { ...logger, info: () => {}, warn: () => {}, debug: () => {} };
  const view = new RehearsalView(io);
  try {
    const options = {
      logger: v > 0 ? logger : quiet,
      programs: namedPrograms(flags, io.directory),
      crdLagMs: CRD_LAG_MS,
      kubeControllerManager: flags.kubeControllerManager?.version,
      adminPort: flags.adminPort,
    };
    const names = flags.with ?? (options.programs === undefined ? EMBEDDED_COLUMNS : REAL_COLUMNS);
    const result = await run({
      from: namedVersion(flags.from, flags),
      to: namedVersion(flags.to, flags),
      seed,
      bounds: { ...DEFAULT_BOUNDS, servers },
      wrong404: wrong404Of(flags),
      columns: names.map((name) => rehearsalColumn(name, options)),
      onProgress: (progress) => view.show(progress),
      signal: stopSignal(io.signals),
    });
    view.end();
    await report(result, flags, io);
    return result.columns.some((column) => flags.failOn.some((name) => name === column.name) && isHarmful(column))
      ? EXIT.failed
      : EXIT.ok;
  } catch (error) {
    view.end();
    const { exitCode, message } = describeLabFailure(error);
    io.stderr.write(`${message}\n`);
    return exitCode;
  }
}

/** @throws {ColumnError} when it cannot be done as asked */
function wrong404Of({ wrong404, hold, kubeApiserver }: RehearseFlags): Wrong404 | undefined {
  if (wrong404 === undefined) {
    if (hold === true)
      throw new ColumnError('--hold stays at the wrong 404. Say which with --wrong-404 RESOURCE.GROUP.');
    return undefined;
  }
  if (kubeApiserver.length > 0) {
    throw new ColumnError(
      'A real kube-apiserver denies no type on demand. Leave --kube-apiserver out, or --wrong-404.',
    );
  }
  return { ...wrong404, isHeld: hold ?? false };
}

const EMBEDDED_COLUMNS: readonly ColumnName[] = ['balancer', 'gateway', 'built-in'];
const REAL_COLUMNS: readonly ColumnName[] = ['balancer', 'gateway'];
/** Servers of one control plane notice a CustomResourceDefinition one after the other. */
const CRD_LAG_MS = [0, 300, 800];

async function report(result: RehearsalResult, { output, report: directory }: RehearseFlags, io: CliIo): Promise<void> {
  if (output === 'json') io.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`);
  else io.stdout.write(`\n${[...textTable(summaryRows(result)), ...remarks(result)].join('\n')}\n`);
  if (directory === undefined) return;
  const { html, json } = await writeReport(resolve(io.directory, directory), result);
  io.stderr.write(`The report is in ${html}, its numbers in ${json}.\n`);
}

/** What the table does not say: why a column did not run to its end, and what did not happen in time. */
function remarks({ environment, columns }: RehearsalResult): string[] {
  const wrong404 = wrong404Sentence(environment);
  const ofColumns = columns.flatMap(({ name, failure, unmet }) => [
    ...(failure === undefined ? [] : [`${name} did not finish: ${failure}`]),
    ...unmet.map((step) => `${name} waited in vain: ${step}`),
  ]);
  return wrong404 === '' ? ofColumns : [wrong404, ...ofColumns];
}
