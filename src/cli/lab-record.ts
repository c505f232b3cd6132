import { relative, resolve } from 'node:path';
import { ConfigurationError } from '../config/problem.ts';
import { type Recorded, type RecordingStep, record } from '../lab/recording/record.ts';
import { RecordingError } from '../lab/recording/recording-error.ts';
import { type WrittenFile, writeRecording } from '../lab/recording/write-recording.ts';
import { DiscoveryFetchError } from '../servers/discovery/discovery-fetch-error.ts';
import { FetchError } from '../wire/fetch.ts';
import { type CliIo, EXIT, type ExitCode } from './io.ts';
import { LiveRegion } from './live-region.ts';
import { printableLines } from './printable.ts';
import type { RecordFlags } from './record-options.ts';
import { openServer, type ServerAccess, serverAccess } from './server-access.ts';

/** Bytes of one answer. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * `mvproxy lab record`: records which types a live server serves and says how to use it. Only types are read, never objects.
 * Exit codes: 1 the server's answers are of no use, 2 wrong flags or kubeconfig, 3 it could not be reached.
 */
export async function runRecord(flags: RecordFlags, io: CliIo): Promise<ExitCode> {
  try {
    const { KUBECONFIG } = io.environment;
    const access = await serverAccess(flags, io.directory, KUBECONFIG);
    const recorded = await recordServer(access, flags.timeout, io);
    const directory = resolve(io.directory, flags.to ?? `recording-${recorded.recording.version}`);
    const files = await writeRecording(directory, recorded.recording);
    for (const warning of recorded.warnings) io.stderr.write(`warning: ${printableLines(warning)}\n`);
    io.stdout.write(summary(access, recorded, files, shown(directory, io.directory)));
    return EXIT.ok;
  } catch (error) {
    const { exitCode, message } = failure(error);
    io.stderr.write(`${printableLines(message)}\n`);
    return exitCode;
  }
}

async function recordServer(access: ServerAccess, timeoutSeconds: number, io: CliIo): Promise<Recorded> {
  const { upstream, fields } = openServer(access, CONNECT_TIMEOUT_MS);
  const region = new LiveRegion(io.stderr);
  const lines: string[] = [];
  try {
    const options = { upstream, fields, timeoutMs: timeoutSeconds * 1000, maxBytes: MAX_ANSWER_BYTES };
    return await record(options, (step) => {
      const isUpdate = step.kind === 'schemas' && step.done > 1;
      lines.splice(isUpdate ? -1 : lines.length, isUpdate ? 1 : 0, stepText(step));
      if (region.isLive) region.draw(lines);
      else if (step.kind !== 'schemas' || step.done === step.total) io.stderr.write(`${stepText(step)}\n`);
    });
  } finally {
    await upstream.close(0);
  }
}

function stepText(step: RecordingStep): string {
  switch (step.kind) {
    case 'version':
      return `Kubernetes ${step.version}`;
    case 'discovery':
      return `${step.resources} resources, told as ${SHAPES[step.shape]}`;
    case 'schemas':
      return `schemas: ${step.done} of ${step.total} documents`;
  }
}

const SHAPES = {
  v2: 'aggregated discovery v2',
  v2beta1: 'aggregated discovery v2beta1',
  legacy: 'one document per group-version',
} as const;

function summary(
  { server }: ServerAccess,
  { recording }: Recorded,
  files: readonly WrittenFile[],
  directory: string,
): string {
  const sizes = files.map(({ bytes }) => bytes).reduce((sum, bytes) => sum + bytes, 0);
  return `Recorded what Kubernetes ${recording.version} at ${server} serves, ${Math.ceil(sizes / 1024)} KiB in ${directory}.
It holds types only, no objects. Use it as a server of a lab, beside others:
  mvproxy lab --versions ${directory},1.37
`;
}

/** With a slash in it, because a bare name could be read as a version. */
function shown(directory: string, from: string): string {
  const path = relative(from, directory);
  return path.startsWith('..') || path === '' ? directory : `./${path}`;
}

function failure(error: unknown): { readonly exitCode: ExitCode; readonly message: string } {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof ConfigurationError) return { exitCode: EXIT.usage, message };
  if (error instanceof FetchError) {
    const advice = 'Check the address, and that the certificate authority is the one of this server.';
    return { exitCode: EXIT.unreachable, message: `The server could not be read: ${message}. ${advice}` };
  }
  if (error instanceof DiscoveryFetchError) {
    return { exitCode: EXIT.failed, message: `The server's discovery could not be read: ${message}.` };
  }
  if (error instanceof RecordingError) return { exitCode: EXIT.failed, message };
  return { exitCode: EXIT.failed, message: `The recording could not be written: ${message}` };
}
