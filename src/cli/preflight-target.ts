import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { TargetRelease } from '../preflight/preflight-setting.ts';
import type { CliIo } from './io.ts';
import { contextAccess, openContext } from './sources/context-server.ts';
import { recordedServer } from './sources/recorded-server.ts';

/** A context may be called almost anything, but nobody writes one so. */
const RELATIVE = /^\.{1,2}(\/|$)/;
const RELEASE = /^v?\d+\.\d+(\.\d+\S*)?$/;

/** A release that comes with the program. @throws {SourceError} naming those there are */
export async function recordedTarget(release: string, directory = '/'): Promise<TargetRelease> {
  const { name, version, discovery, isAbout } = await recordedServer(release, directory);
  return { name, version, discovery, isAbout };
}

/**
 * What `--to` names: a release, the directory of a recording, or a context whose cluster is what is to come.
 * @throws {SourceError}
 */
export async function preflightTarget(
  text: string,
  io: Pick<CliIo, 'directory' | 'environment'>,
): Promise<TargetRelease> {
  const isRecording = RELEASE.test(text) || RELATIVE.test(text) || (await isDirectory(resolve(io.directory, text)));
  if (isRecording) return recordedTarget(text, io.directory);
  const { server, close } = await openContext(await contextAccess(text, undefined, io));
  await close();
  return { name: server.name, version: server.version, discovery: server.discovery };
}

async function isDirectory(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() ?? false;
}
