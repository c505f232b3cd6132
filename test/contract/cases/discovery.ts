import type { Conversation, Said } from '../conversation.ts';
import { at, listAt, textAt } from '../json.ts';
import type { ContractCase } from './case.ts';

const V2 = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const V2_BETA_1 = 'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList';

/** The types that other cases define come and go. */
const isOurs = (name: unknown) => String(name).includes('contract.example.com');

function groups({ json }: Said): unknown {
  return listAt(json, 'groups').filter((group) => !isOurs(at(group, 'name')));
}

/** One line for each resource and subresource. */
function aggregated({ status, json, text }: Said): unknown {
  if (status !== 200) return json ?? text;
  const items = listAt(json, 'items').filter((item) => !isOurs(at(item, 'metadata', 'name')));
  return items.flatMap((item) =>
    listAt(item, 'versions').flatMap((version) => {
      const root = `${at(item, 'metadata', 'name') ?? ''}/${textAt(version, 'version')} ${textAt(version, 'freshness')}`;
      return listAt(version, 'resources').map((resource) => `${root} ${JSON.stringify(resource)}`);
    }),
  );
}

/** A real server shows types that other cases have defined or removed a moment later, with another ETag. */
async function untilOursAreShown(server: Conversation): Promise<void> {
  const { json } = await server.quietly({ path: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions' });
  const defined = listAt(json, 'items')
    .filter((item) => isOurs(at(item, 'spec', 'group')))
    .map((item) => textAt(item, 'spec', 'names', 'plural'));
  await server.eventually({ path: '/apis', accept: V2 }, (said) => {
    const items = listAt(said.json, 'items').filter((item) => isOurs(at(item, 'metadata', 'name')));
    const versions = items.flatMap((item) => listAt(item, 'versions'));
    const shown = versions.flatMap((version) => listAt(version, 'resources').map((one) => textAt(one, 'resource')));
    return shown.toSorted().join() === defined.toSorted().join();
  });
}

export const discoveryCases: readonly ContractCase[] = [
  {
    id: 'discovery',
    title: 'lists groups, versions and resources one by one',
    async talk(server) {
      await server.ask({ path: '/api' }, { keep: ({ json }) => at(json, 'versions') });
      await server.ask({ path: '/apis' }, { keep: groups });
      await server.ask({ path: '/api/v1' });
      await server.ask({ path: '/api/v1/' });
      await server.ask({ path: '/apis/' }, { keep: groups });
      await server.ask({ path: '/apis/apps' });
      await server.ask({ path: '/apis/apps/v1' });
      await server.ask({ path: '/apis/batch/v1' });
      await server.ask({ path: '/apis/autoscaling' });
      await server.ask({ path: '/apis/authentication.k8s.io/v1' });
      await server.ask({ path: '/apis/apiextensions.k8s.io/v1' });
      await server.ask({ path: '/apis/apiregistration.k8s.io/v1' });
    },
  },
  {
    id: 'discovery-aggregated',
    title: 'lists everything at once',
    async talk(server) {
      const fields = ['content-type', 'vary'];
      await untilOursAreShown(server);
      for (const path of ['/api', '/apis']) {
        await server.ask({ path, accept: V2 }, { keep: aggregated, fields });
        await server.ask({ path, accept: V2_BETA_1 }, { keep: aggregated, fields });
        const { headers } = await server.quietly({ path, accept: V2 });
        const etag = String(headers.etag);
        await server.ask({ path, accept: V2, headers: { 'if-none-match': etag } }, { fields });
        await server.ask({ path, accept: V2, headers: { 'if-none-match': 'other' } }, { keep: () => '', fields });
        await server.ask({ path, accept: `${V2},${V2_BETA_1},application/json` }, { keep: () => '', fields });
        await server.ask({ path, accept: `application/json,${V2}` }, { keep: () => '', fields });
        await server.ask({ path, accept: V2.replace('v=v2', 'v=v3') }, { keep: () => '', fields });
        await server.ask({ path, accept: 'text/html' }, { fields });
      }
    },
  },
];
