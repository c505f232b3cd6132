import type { RequestInfo } from '../kubernetes/request-info.ts';
import type { RoutingSnapshot } from './snapshot.ts';

/** What one server's discovery says about a request. */
export type Capability =
  | { readonly serves: 'yes' }
  /** It lists the group-version as Stale and without resources: its extension server was down when it was asked. */
  | { readonly serves: 'maybe' }
  | { readonly serves: 'no'; readonly lacks: 'group' | 'version' | 'resource' | 'subresource' | 'verb' }
  /** Its discovery was never read. */
  | { readonly serves: 'unknown' };

/** Whether the server at `position` is capable, and if not, what is the first thing it does not have. */
export function capabilityOf(
  position: number,
  request: RequestInfo,
  { servers, table, groups }: RoutingSnapshot,
): Capability {
  if (servers[position]?.known !== true) return { serves: 'unknown' };
  const { apiGroup: group, apiVersion: version, resource, subresource, verb } = request;
  const found = table.lookup(group, version, resource, subresource, verb);
  if (found.kind === 'capable' && found.servers.includes(position)) return { serves: 'yes' };
  // The look-up of a name that nobody lists has every server whose list is silent, whoever else is capable.
  if (table.lookup(group, version, '', '', '').maybe.includes(position)) return { serves: 'maybe' };
  const lists = (name: string) => {
    const entry = table.lookup(group, version, resource, name, '');
    return entry.kind === 'capable' && entry.servers.includes(position);
  };
  // The path prefix `proxy` asks for the subresource of that name, as in the table.
  const asked = verb === 'proxy' ? 'proxy' : subresource;
  if (lists(asked)) return { serves: 'no', lacks: 'verb' };
  if (lists('')) return { serves: 'no', lacks: 'subresource' };
  if (groups.serversOf(group, version).includes(position)) return { serves: 'no', lacks: 'resource' };
  if (groups.serversOf(group, undefined).includes(position)) return { serves: 'no', lacks: 'version' };
  return { serves: 'no', lacks: 'group' };
}

/** In words, as a sentence's predicate: `serves it`, `does not know the group storage.example.com`. */
export function capabilityText(capability: Capability, request: RequestInfo): string {
  const { apiGroup, apiVersion, resource, subresource, verb } = request;
  const group = apiGroup === '' ? 'the core group' : `the group ${apiGroup}`;
  switch (capability.serves) {
    case 'yes':
      return 'serves it';
    case 'maybe':
      return `lists ${apiGroup}/${apiVersion} as Stale, without resources, and may serve it`;
    case 'unknown':
      return 'may serve it: its discovery was never read';
    case 'no':
      break;
  }
  switch (capability.lacks) {
    case 'group':
      return `does not know ${group}`;
    case 'version':
      return `knows ${group}, not its version ${apiVersion}`;
    case 'resource':
      return `knows ${apiGroup === '' ? apiVersion : `${apiGroup}/${apiVersion}`}, not the resource ${resource}`;
    case 'subresource':
      return `knows ${resource}, not ${verb === 'proxy' ? 'its subresource proxy' : `its subresource ${subresource}`}`;
    case 'verb':
      return `knows ${subresource === '' ? resource : `${resource}/${subresource}`}, not the verb ${verb}`;
  }
}
