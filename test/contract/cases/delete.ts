import type { Said } from '../conversation.ts';
import { isObject, listAt, textAt } from '../json.ts';
import type { ContractCase } from './case.ts';
import { configMap } from './objects.ts';

const MERGE = 'application/merge-patch+json';
const FINALIZERS = { finalizers: ['example.com/one', 'example.com/two'] };

/** A collection is deleted in no order. */
function byName({ json }: Said): unknown {
  if (!isObject(json) || !Array.isArray(json['items'])) return json;
  const name = (item: unknown) => textAt(item, 'metadata', 'name');
  return { ...json, items: listAt(json, 'items').toSorted((left, right) => (name(left) < name(right) ? -1 : 1)) };
}

export const deleteCases: readonly ContractCase[] = [
  {
    id: 'delete',
    title: 'deletes, heeding preconditions',
    async talk(server) {
      const path = server.in('v1', 'configmaps');
      const { json } = await server.quietly({ method: 'POST', path, body: configMap('x') });
      const resourceVersion = textAt(json, 'metadata', 'resourceVersion');
      const uid = textAt(json, 'metadata', 'uid');
      const ask = (preconditions: object) => {
        const body = { kind: 'DeleteOptions', apiVersion: 'v1', preconditions };
        return server.ask({ method: 'DELETE', path: `${path}/x`, body });
      };
      await ask({ uid: '00000000-0000-0000-0000-000000000000' });
      await ask({ resourceVersion: '1' });
      await server.ask({ method: 'DELETE', path: `${path}/x?dryRun=All` });
      await ask({ uid, resourceVersion });
      await server.ask({ method: 'DELETE', path: `${path}/x` });
      await server.ask({ path: `${path}/x` });
    },
  },
  {
    id: 'delete-finalizers',
    title: 'keeps a deleted object until its last finalizer is gone',
    async talk(server) {
      const path = server.in('v1', 'configmaps');
      await server.quietly({ method: 'POST', path, body: configMap('x', {}, FINALIZERS) });
      await server.ask({ method: 'DELETE', path: `${path}/x` });
      await server.ask({ method: 'DELETE', path: `${path}/x` });
      await server.ask({ path: `${path}/x` });
      const finalizers = (...names: readonly string[]) =>
        server.ask({ method: 'PATCH', path: `${path}/x`, type: MERGE, body: { metadata: { finalizers: names } } });
      await finalizers('example.com/one', 'example.com/two', 'example.com/three');
      await finalizers('example.com/two');
      await finalizers();
      await server.ask({ path: `${path}/x` });
    },
  },
  {
    id: 'delete-propagation',
    title: 'propagates deletion as asked',
    async talk(server) {
      const path = server.in('v1', 'configmaps');
      const remove = (name: string, query: string, body?: object) =>
        server.ask({ method: 'DELETE', path: `${path}/${name}${query}`, ...(body !== undefined && { body }) });
      for (const name of ['a', 'b', 'c', 'd', 'e'])
        await server.quietly({ method: 'POST', path, body: configMap(name) });
      await remove('a', '?propagationPolicy=Foreground');
      await server.ask({ path: `${path}/a` });
      await remove('b', '?propagationPolicy=Orphan');
      await remove('c', '?propagationPolicy=Background');
      await remove('d', '', { orphanDependents: true });
      await remove('e', '?propagationPolicy=Sideways');
      await remove('e', '', { propagationPolicy: 'Orphan', orphanDependents: true });
      await remove('e', '', { gracePeriodSeconds: -5 });
      await remove('e', '', { kind: 'ConfigMap', apiVersion: 'v1' });
      await remove('e', '', { propagationPolicy: 'Background', gracePeriodSeconds: 0 });
    },
  },
  {
    id: 'delete-collection',
    title: 'deletes collections, selected ones only',
    async talk(server) {
      const path = server.in('v1', 'configmaps');
      for (const name of ['a', 'b', 'c']) {
        const labels = name === 'c' ? {} : { gone: '1' };
        await server.quietly({ method: 'POST', path, body: configMap(name, {}, { labels }) });
      }
      await server.quietly({ method: 'POST', path, body: configMap('f', {}, FINALIZERS) });
      const remove = (query: string) => server.ask({ method: 'DELETE', path: `${path}${query}` }, { keep: byName });
      await remove('?labelSelector=gone&dryRun=All');
      await remove('?labelSelector=gone');
      await server.ask({ path });
      await remove('?fieldSelector=metadata.name=none');
      await remove('');
      await server.ask({ path });
      await remove('?labelSelector=a=b=c');
    },
  },
];
