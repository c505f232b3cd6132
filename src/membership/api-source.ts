import { FetchError, type FetchedResponse, fetchFrom } from '../wire/fetch.ts';
import type { Fields } from '../wire/fields.ts';
import type { Upstream } from '../wire/upstream.ts';
import { type ApiObject, parseApiList } from './api-list.ts';
import { endpointSliceMembers, SERVICE, SERVICE_LABEL, SLICE_NAMESPACE } from './endpoint-slice-members.ts';
import { LEASE_LABEL, LEASE_LABEL_VALUE, LEASE_NAMESPACE, leaseMembers } from './lease-members.ts';
import { type MemberSource, MOST_MEMBERS } from './member-source.ts';
import { SourceError } from './source-error.ts';

/** A server that can be asked. */
export interface ApiReader {
  readonly name: string;
  readonly upstream: Upstream;
  /** Who we are to it. */
  readonly fields: Fields;
}

/** Who can be asked at the moment, in the order in which they are. */
export type Readers = () => readonly ApiReader[];

const TIMEOUT_MS = 3_000;
/** Of one list: a thousand Leases or a slice of a thousand endpoints, with the fields that nobody reads. */
const LIST_BYTES = 8 * 1024 * 1024;
/** More would take longer than the pause to the next reading. */
const MOST_TRIED = 3;
/** How often one slice is read before it is asked whether all may be. */
const READS_BY_NAME = 20;

interface Listed {
  readonly items: readonly ApiObject[];
  readonly target: string;
}

/** The identity Leases of kube-system (KEP-1965). Their times are those of the clock on the wall. */
export function leaseSource(readers: Readers, now: () => number = Date.now): MemberSource {
  const target = targetOf('coordination.k8s.io/v1', LEASE_NAMESPACE, 'leases', {
    labelSelector: `${LEASE_LABEL}=${LEASE_LABEL_VALUE}`,
  });
  return {
    name: 'leases',
    kind: 'lease',
    read: async () => leaseMembers((await listThroughAny(readers, [target])).items, now()),
  };
}

/**
 * The EndpointSlices of the Service `kubernetes`: all of them, or where only that one may be read, the one of that name, which
 * is all there is where kube-apiservers keep it. Whether all may be read is asked again after a while.
 */
export function endpointSliceSource(readers: Readers): MemberSource {
  const of = (selector: Readonly<Record<string, string>>) =>
    targetOf('discovery.k8s.io/v1', SLICE_NAMESPACE, 'endpointslices', selector);
  const targets = [
    of({ labelSelector: `${SERVICE_LABEL}=${SERVICE}` }),
    of({ fieldSelector: `metadata.name=${SERVICE}` }),
  ];
  let namedReads = 0;
  return {
    name: 'endpointslices',
    kind: 'endpointslice',
    async read() {
      const mayReadAll = namedReads % READS_BY_NAME === 0;
      const { items, target } = await listThroughAny(readers, mayReadAll ? targets : targets.slice(1));
      namedReads = target === targets[0] ? 0 : namedReads + 1;
      return endpointSliceMembers(items);
    },
  };
}

/** Lists through the first server that answers. @throws {SourceError} when none does */
async function listThroughAny(readers: Readers, targets: readonly string[]): Promise<Listed> {
  let failure = new SourceError('no-server', 'no server is ready through which it could be read');
  for (const reader of readers().slice(0, MOST_TRIED)) {
    try {
      return await list(reader, targets);
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      failure = error;
    }
  }
  throw failure;
}

/** The list at the first of `targets` that we may read. */
async function list(reader: ApiReader, targets: readonly string[]): Promise<Listed> {
  let status = 0;
  for (const target of targets) {
    const response = await get(reader, target);
    status = response.status;
    if (status === 200) return { items: itemsOf(reader, response), target };
    if (status !== 401 && status !== 403) {
      throw new SourceError('unanswered', `${reader.name} answered ${status} to ${target}`);
    }
  }
  const rights = 'grant it with deploy/rbac.yaml';
  throw new SourceError('denied', `${reader.name} answered ${status} to ${targets.at(-1)}: ${rights}`);
}

async function get({ name, upstream, fields }: ApiReader, target: string): Promise<FetchedResponse> {
  const request = { method: 'GET', target, fields: [...fields, 'accept', 'application/json'] };
  try {
    return await fetchFrom(upstream, { ...request, timeoutMs: TIMEOUT_MS, maxBytes: LIST_BYTES });
  } catch (error) {
    if (error instanceof FetchError) throw new SourceError('unanswered', `${name}: ${error.message}`);
    throw error;
  }
}

function itemsOf({ name }: ApiReader, { body }: FetchedResponse): readonly ApiObject[] {
  const answer = parseApiList(body.toString('utf8'));
  if (answer === undefined) throw new SourceError('unanswered', `${name} answered with something that is no list`);
  if (answer.isWhole) return answer.items;
  throw new SourceError('too-many', `${name} has more than ${MOST_MEMBERS} such objects, which is not believed`);
}

/** Without a resourceVersion, so that no server answers from a cache that is behind. */
function targetOf(
  groupVersion: string,
  namespace: string,
  resource: string,
  selector: Readonly<Record<string, string>>,
): string {
  const query = new URLSearchParams({ ...selector, limit: String(MOST_MEMBERS) });
  return `/apis/${groupVersion}/namespaces/${namespace}/${resource}?${query}`;
}
