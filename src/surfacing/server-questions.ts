import {
  type APIGroupDiscovery,
  type DiscoveryVersion,
  discoveryContentType,
  parseAggregatedDiscovery,
} from '../kubernetes/aggregated-discovery.ts';
import {
  type APIGroup,
  type APIResourceList,
  parseAPIGroup,
  parseAPIGroupList,
  parseAPIResourceList,
  parseAPIVersions,
} from '../kubernetes/legacy-discovery.ts';
import { FetchError, type FetchedResponse } from '../wire/fetch.ts';
import { fieldValue } from '../wire/fields.ts';
import type { Answer } from './answer.ts';
import {
  type APIServiceFacts,
  type DefinitionFacts,
  parseAPIServices,
  parseDefinitions,
  parseNames,
} from './cluster-objects.ts';

/** Sends one GET to a server, as the proxy itself. Rejects with `FetchError`. */
export type Ask = (target: string, accept: string) => Promise<FetchedResponse>;

const JSON_TYPE = 'application/json';
/** A proxy in front of the server, or its own, would otherwise answer for all servers. */
const OWN_VIEW = 'application/json;profile=nopeer';
/** Metadata may carry the whole definition again, as kubectl's last-applied annotation; the rows of a table do not. */
const TABLE = 'application/json;as=Table;g=meta.k8s.io;v=v1';
const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const API_SERVICES = '/apis/apiregistration.k8s.io/v1/apiservices';

/** The aggregated document of `root`, the server's own view. */
export function askAggregated(
  ask: Ask,
  root: '/api' | '/apis',
  version: DiscoveryVersion,
): Promise<Answer<readonly APIGroupDiscovery[]>> {
  const type = discoveryContentType(version);
  return answer(ask, root, `${type};profile=nopeer,${type}`, (value, response) => {
    const isIt = (fieldValue(response.fields, 'content-type') ?? '').includes(`;v=${version};`);
    return isIt ? parseAggregatedDiscovery(value).items : undefined;
  });
}

/** Group-versions (`apps/v1`, core `v1`) that the unaggregated root names. */
export function askRoot(ask: Ask, root: '/api' | '/apis'): Promise<Answer<readonly string[]>> {
  return answer(ask, root, OWN_VIEW, (value) =>
    root === '/api'
      ? parseAPIVersions(value).versions
      : parseAPIGroupList(value).groups.flatMap(({ versions }) => versions.map(({ groupVersion }) => groupVersion)),
  );
}

export function askGroup(ask: Ask, path: string): Promise<Answer<APIGroup>> {
  return answer(ask, path, OWN_VIEW, parseAPIGroup);
}

export function askResourceList(ask: Ask, path: string): Promise<Answer<APIResourceList>> {
  return answer(ask, path, OWN_VIEW, parseAPIResourceList);
}

/** Paths that the OpenAPI v3 index names, such as `apis/apps/v1`. */
export function askOpenAPIIndex(ask: Ask): Promise<Answer<readonly string[]>> {
  return answer(ask, '/openapi/v3', JSON_TYPE, openAPIPaths);
}

/** Names of all CustomResourceDefinitions. */
export function askDefinitionNames(ask: Ask): Promise<Answer<readonly string[]>> {
  return answer(ask, `${DEFINITIONS}?includeObject=None`, TABLE, parseNames);
}

/** The CustomResourceDefinition of that name; a list, because the watches of the proxy need that right anyway. */
export async function askDefinition(ask: Ask, name: string): Promise<Answer<DefinitionFacts>> {
  const selector = encodeURIComponent(`metadata.name=${name}`);
  const list = await answer(ask, `${DEFINITIONS}?fieldSelector=${selector}`, JSON_TYPE, parseDefinitions);
  if (list.kind !== 'read') return list;
  const [value] = list.value;
  return value === undefined ? { kind: 'absent' } : { kind: 'read', value };
}

export function askAPIServices(ask: Ask): Promise<Answer<readonly APIServiceFacts[]>> {
  return answer(ask, API_SERVICES, JSON_TYPE, parseAPIServices);
}

/** Paths of an OpenAPI v3 index. */
export function openAPIPaths(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null || !('paths' in value)) throw new TypeError('there are no paths');
  const { paths } = value;
  return typeof paths === 'object' && paths !== null ? Object.keys(paths) : [];
}

/** `parse` returns undefined for a document of another form, which is how servers that lack a form may answer. */
async function answer<T>(
  ask: Ask,
  target: string,
  accept: string,
  parse: (value: unknown, response: FetchedResponse) => T | undefined,
): Promise<Answer<T>> {
  try {
    const response = await askAgain(ask, target, accept);
    const { status, body } = response;
    if (status === 404) return { kind: 'absent' };
    if (status === 406) return { kind: 'not-offered' };
    const path = target.split('?', 1)[0] ?? '';
    if (status === 401 || status === 403) {
      return { kind: 'failed', reason: 'forbidden', message: `GET ${path} was answered ${status}` };
    }
    if (status !== 200) {
      return {
        kind: 'failed',
        reason: status === 503 ? 'unavailable' : 'unusable',
        message: `GET ${path} was answered ${status}`,
      };
    }
    const value = parse(JSON.parse(body.toString('utf8')), response);
    return value === undefined ? { kind: 'not-offered' } : { kind: 'read', value };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (!(error instanceof FetchError)) return { kind: 'failed', reason: 'unusable', message };
    const { reason, cause } = error.failure;
    const isSilent = reason === 'timeout' || cause === 'timeout';
    const isReachable = cause === 'reset' || cause === 'overloaded';
    return { kind: 'failed', reason: isSilent ? 'silent' : isReachable ? 'unusable' : 'unreachable', message };
  }
}

/** A connection that was lost says nothing about the server yet: it may have restarted, hang or be gone. */
async function askAgain(ask: Ask, target: string, accept: string): Promise<FetchedResponse> {
  try {
    return await ask(target, accept);
  } catch (error) {
    const cause = error instanceof FetchError ? error.failure.cause : undefined;
    if (cause !== 'connection' && cause !== 'goaway') throw error;
    return ask(target, accept);
  }
}
