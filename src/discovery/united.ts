import type { ServerVersion } from '../kubernetes/kube-version.ts';
import { mergeDiscovery } from './merge.ts';
import type { ServerDiscovery } from './server-discovery.ts';

/** Servers that have told their version lead those that have not. */
const SOME_VERSION: ServerVersion = { major: 1, minor: 0, patch: 0 };

/** Everything that either says, as the first one describes it. */
export function united(leading: ServerDiscovery, other: ServerDiscovery): ServerDiscovery {
  const input = { ready: true, fresh: true };
  const { api, apis } = mergeDiscovery([
    { ...input, server: 'leading', version: SOME_VERSION, discovery: leading },
    { ...input, server: 'other', version: undefined, discovery: other },
  ]);
  return { api, apis };
}
