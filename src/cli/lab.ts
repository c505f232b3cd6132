import { resolve } from 'node:path';
import { ControlPlaneError } from '../lab/control-plane/control-plane-error.ts';
import { type Lab, type LabOptions, startLab } from '../lab/lab.ts';
import { LabEvents } from '../lab/lab-events.ts';
import { RecordingError } from '../lab/recording/recording-error.ts';
import { ColumnError } from '../lab/rehearsal/columns.ts';
import { findSkewedResource } from '../lab/skewed-resource.ts';
import { DataFileError } from '../lab/store/data-file-error.ts';
import { type CliIo, EXIT, type ExitCode } from './io.ts';
import type { LabFlags } from './lab-options.ts';
import { labText } from './lab-text.ts';
import { LabView } from './lab-view.ts';
import { createLogger } from './logger.ts';
import { namedPrograms } from './named-programs.ts';
import { describeStartFailure } from './start-failure.ts';
import { stopSignal } from './until-stopped.ts';

/** `mvproxy lab`: runs until SIGINT, SIGTERM or SIGHUP. `command` is what to type for this program. */
export async function runLab(flags: LabFlags, io: CliIo, command: string): Promise<ExitCode> {
  const startedAt = performance.now();
  const stop = stopSignal(io.signals);
  const events = new LabEvents();
  try {
    const lab = await startLab(labOptions(flags, io, events));
    try {
      const milliseconds = performance.now() - startedAt;
      const skewed = await findSkewedResource(lab.plane.servers.toReversed(), lab.plane.pki);
      const text = labText({ lab, front: flags.front, skewed, milliseconds, command });
      if (!stop.aborted) await show(lab, text, io, events, stop);
    } finally {
      await lab.close();
    }
    return EXIT.ok;
  } catch (error) {
    const { exitCode, message } = describeLabFailure(error);
    io.stderr.write(`${message}\n`);
    return exitCode;
  }
}

async function show(lab: Lab, text: string, io: CliIo, events: LabEvents, stop: AbortSignal): Promise<void> {
  io.stdout.write(`${text}\n`);
  const view = new LabView(io, lab.plane, events);
  view.start();
  await aborted(stop);
  view.stop();
}

function labOptions(flags: LabFlags, io: CliIo, events: LabEvents): LabOptions {
  const { versions, front, spread, port, crdLag, controllers, kubeApiserver, data, kubeconfig, http2Engine, v } = flags;
  const at = (file: string | undefined) => (file === undefined ? undefined : resolve(io.directory, file));
  // In a terminal the live view has the last lines; a log in between would tear it.
  const logger = createLogger({ output: io.stderr, verbosity: v, environment: io.environment });
  return {
    versions: kubeApiserver.length === 0 ? versions : kubeApiserver.map(({ version }) => version),
    front,
    spread,
    data: at(data),
    crdLagMs: crdLag,
    port,
    kubeconfig: at(kubeconfig),
    programs: namedPrograms(flags, io.directory),
    controllers,
    engine: http2Engine,
    logger: v === 0 ? { ...logger, info: () => {} } : logger,
    onEvent: (event) => events.add(event),
  };
}

/** What a lab that did not start means to its user and to the shell. */
export function describeLabFailure(error: unknown): { readonly exitCode: ExitCode; readonly message: string } {
  const isUsage =
    error instanceof RecordingError ||
    error instanceof ControlPlaneError ||
    error instanceof DataFileError ||
    error instanceof ColumnError;
  return isUsage ? { exitCode: EXIT.usage, message: error.message } : describeStartFailure(error);
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
