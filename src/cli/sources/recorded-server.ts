import { basename } from 'node:path';
import { type ServerDiscovery, serverDiscovery } from '../../discovery/server-discovery.ts';
import { parseServerVersion } from '../../kubernetes/kube-version.ts';
import { OWN_GROUPS } from '../../kubernetes/own-groups.ts';
import { findRecording } from '../../lab/recording/find-recording.ts';
import type { StorageVersionHashes } from '../../lab/recording/recording.ts';
import { RecordingError } from '../../lab/recording/recording-error.ts';
import { shippedRecordings } from '../../lab/recording/shipped-recordings.ts';
import type { StorageVersions } from '../../skew/skew-server.ts';
import { EXIT } from '../io.ts';
import type { DocumentServer } from './document-server.ts';
import { SourceError } from './source-error.ts';

const RELEASE = /^v?\d+\.\d+(\.\d+\S*)?$/;
const UNRECORDED = {
  hashes: new Map(),
  problem: 'its recording does not say so, record the server again with "mvproxy lab record"',
};

/**
 * The server behind a recording: a shipped release (`1.34`, `1.36.3`) or a directory that `lab record` wrote, relative to
 * `directory`. It is called as its release, or as the directory.
 *
 * @throws {SourceError} when there is none, naming those there are
 */
export async function recordedServer(text: string, directory: string): Promise<DocumentServer> {
  try {
    const { version, api, apis, storageVersions } = await findRecording(text, directory);
    const isShipped = RELEASE.test(text) && (await shippedRecordings()).some((each) => each.version === version);
    const discovery = serverDiscovery(api, apis);
    return {
      name: isShipped ? version : basename(text),
      version: parseServerVersion(version),
      discovery,
      // A release as it is shipped cannot tell which types somebody's cluster adds to it.
      isAbout: isShipped ? (group) => OWN_GROUPS.has(group) : undefined,
      origin: {
        kind: 'recording',
        storage: storageVersions === undefined ? UNRECORDED : recordedStorage(discovery, storageVersions),
      },
    };
  } catch (error) {
    if (error instanceof RecordingError) throw new SourceError(EXIT.usage, error.message);
    throw error;
  }
}

/** A recording holds the hashes of what is stored; everything else that it lists is not. */
function recordedStorage({ api, apis }: ServerDiscovery, stored: StorageVersionHashes): StorageVersions {
  const lists = [...api, ...apis].flatMap(({ metadata: { name }, versions = [] }) =>
    versions.map(({ version, resources = [] }) => {
      const groupVersion = name === '' ? version : `${name}/${version}`;
      const known = stored.get(groupVersion);
      return [groupVersion, new Map(resources.map(({ resource }) => [resource, known?.get(resource) ?? '']))] as const;
    }),
  );
  return { hashes: new Map(lists), problem: '' };
}
