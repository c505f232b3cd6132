import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http2';
import {
  type RecordedVersion,
  recordedJson,
  recordedLegacyFiles,
  recordedText,
} from '../../src/kubernetes/testing/recorded-documents.ts';

/** One document of API metadata as a fake server sends it. */
export interface FakeDocument {
  readonly contentType: string;
  readonly body: string;
  /** Without one the server knows no conditional requests. */
  readonly etag?: string;
}

/** What a fake server says it serves; `undefined` for a path that is no API metadata of its. */
export type FakeDiscovery = (path: string, accept: string, headers?: IncomingHttpHeaders) => FakeDocument | undefined;

/** A server of 1.30 or newer, with the documents recorded from that release. */
export function aggregatedDiscovery(version: RecordedVersion): FakeDiscovery {
  return (path, accept) => {
    if (path !== '/api' && path !== '/apis') return undefined;
    const form = 'g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
    const body = accept.includes(form)
      ? recordedText(version, `${path.slice(1)}-v2.json`)
      : recordedText(version, `legacy/${path.slice(1)}.json`);
    const contentType = accept.includes(form) ? `application/json;${form}` : 'application/json';
    return { contentType, body, etag: `"${createHash('sha512').update(body).digest('hex').toUpperCase()}"` };
  };
}

/** A group with one version and one resource that no real server has. */
export interface ForeignResource {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly kind: string;
}

/**
 * A server from before aggregated discovery (1.26): one plain JSON document per group and version, whatever Accept
 * asks for. The documents are those recorded from `version`, with `foreign` beside them.
 */
export function legacyDiscovery(version: RecordedVersion, foreign: ForeignResource): FakeDiscovery {
  const documents = new Map<string, unknown>();
  for (const file of recordedLegacyFiles(version)) documents.set(pathOf(file), recordedJson(version, `legacy/${file}`));
  const groupVersion = { groupVersion: `${foreign.group}/${foreign.version}`, version: foreign.version };
  const group = { name: foreign.group, versions: [groupVersion], preferredVersion: groupVersion };
  const verbs = ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'];
  documents.set('/apis', withGroup(documents.get('/apis'), group));
  documents.set(`/apis/${foreign.group}`, { kind: 'APIGroup', apiVersion: 'v1', ...group });
  documents.set(`/apis/${groupVersion.groupVersion}`, {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: groupVersion.groupVersion,
    resources: [
      {
        name: foreign.resource,
        singularName: foreign.kind.toLowerCase(),
        namespaced: false,
        kind: foreign.kind,
        verbs,
      },
    ],
  });
  return (path) => {
    const document = documents.get(path);
    return document === undefined
      ? undefined
      : { contentType: 'application/json', body: `${JSON.stringify(document)}\n` };
  };
}

/** `apis-apps-v1.json` was recorded from `/apis/apps/v1`; names of groups and versions hold no dash. */
function pathOf(file: string): string {
  return `/${file.replace(/\.json$/, '').replaceAll('-', '/')}`;
}

function withGroup(list: unknown, group: object): object {
  if (typeof list !== 'object' || list === null || !('groups' in list) || !Array.isArray(list.groups)) {
    throw new TypeError('the recorded /apis is no APIGroupList');
  }
  return { ...list, groups: [...list.groups, group] };
}
