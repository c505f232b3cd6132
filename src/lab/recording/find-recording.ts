import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { readRecording } from './read-recording.ts';
import type { Recording } from './recording.ts';
import { RecordingError } from './recording-error.ts';
import { shippedRecordings } from './shipped-recordings.ts';

/** `1.34` and `1.34.4`, with or without v; everything else is a directory. */
const VERSION = /^v?(\d+\.\d+)(\.\d+\S*)?$/;

/**
 * Reads the recording that a user names: a minor version (the newest shipped patch of it), a full version, or the
 * directory of a recording, relative to `directory`.
 * @throws {RecordingError} when there is none, listing those there are
 */
export async function findRecording(name: string, directory = '.'): Promise<Recording> {
  const match = VERSION.exec(name);
  if (match === null) return readRecording(resolve(directory, name));
  const shipped = await shippedRecordings();
  const wanted = name.replace(/^v/, '');
  const found =
    match[2] === undefined
      ? shipped.findLast(({ version }) => version.startsWith(`${wanted}.`))
      : shipped.find(({ version }) => version === wanted);
  if (found !== undefined) return readRecording(found.directory);
  if (await isDirectory(resolve(directory, name))) return readRecording(resolve(directory, name));
  const known = shipped.map(({ version }) => version).join(', ');
  throw new RecordingError(
    `There is no recording of Kubernetes ${wanted}; there are ${known === '' ? 'none' : known}. ` +
      'Give one of these, its minor version (such as 1.34), or the directory of a recording that "mvproxy lab record" wrote.',
  );
}

async function isDirectory(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() ?? false;
}
