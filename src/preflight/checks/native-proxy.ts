import { whoLacksTypes } from '../../servers/discovery/native-proxy.ts';
import { blocked, type Check, finding, pass } from '../check.ts';
import type { ServerProbe } from '../server-probe.ts';

const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
/** Servers that do not have that form have no proxy of their own either; they would answer it alone with 406. */
const PLAIN = 'application/json';
const FORM = `${AGGREGATED},${PLAIN}`;
const OWN_FORM = `${AGGREGATED};profile=nopeer,${PLAIN}`;

/**
 * A server's own proxy shows in what it merges into `/apis`: the document for everybody is then another one than its own.
 * KEP-4020; src/servers/discovery/native-proxy.ts has why nothing else tells.
 */
export const nativeProxy: Check = {
  code: 'NativeProxy',
  async run({ servers }) {
    const read = await Promise.all(servers.map((server) => server.discovery()));
    const lacks = whoLacksTypes(read.map((each) => (each.kind === 'read' ? each.value : undefined)));
    return Promise.all(
      servers.map(async (server, at) => {
        const merges = await isMerging(server);
        if (typeof merges === 'object') {
          return merges.kind === 'blocked'
            ? blocked(merges.by, server)
            : finding('unknown', `Not known: ${merges.text}`, '', server.name);
        }
        if (merges)
          return pass('On: it merges what its peers serve. Both work beside each other (docs/native.md).', server.name);
        return pass(
          lacks[at] === true
            ? 'Off, or not merging yet: others serve types that it does not list.'
            : 'Off, or there is nothing to merge: it serves all that the others do.',
          server.name,
        );
      }),
    );
  },
};

async function isMerging(server: ServerProbe) {
  const [merged, own] = await Promise.all([server.etag('/apis', FORM), server.etag('/apis', OWN_FORM)]);
  if (merged.kind !== 'read') return merged;
  if (own.kind !== 'read') return own;
  return merged.value !== own.value;
}
