import assert from 'node:assert/strict';
import { at, isObject } from '../json.ts';
import type { ContractCase } from './case.ts';
import { configMap, deployment } from './objects.ts';

const NAME = 'contract-terminates';

export const namespaceCases: readonly ContractCase[] = [
  {
    id: 'namespace',
    title: 'terminates namespaces in steps, and creates nothing in one that terminates',
    async talk(server) {
      const path = `/api/v1/namespaces/${NAME}`;
      const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAME } };
      await server.ask({ method: 'POST', path: '/api/v1/namespaces', body });
      await server.quietly({ method: 'POST', path: `${path}/configmaps`, body: configMap('x') });
      await server.ask({ method: 'DELETE', path });
      const { json } = await server.ask({ path });
      assert.equal(at(json, 'status', 'phase'), 'Terminating');
      await server.ask({ method: 'POST', path: `${path}/configmaps`, body: configMap('y') });
      await server.ask({ method: 'POST', path: `/apis/apps/v1/namespaces/${NAME}/deployments`, body: deployment('y') });
      await server.ask({ method: 'PUT', path: `${path}/configmaps/x`, body: configMap('x', { a: '2' }) });
      await server.ask({ method: 'DELETE', path });
      await server.ask({ method: 'DELETE', path: `${path}/configmaps` });
      assert.ok(isObject(json));
      const { json: current } = await server.quietly({ path });
      assert.ok(isObject(current));
      await server.ask({ method: 'PUT', path: `${path}/finalize`, body: { ...current, spec: { finalizers: [] } } });
      await server.ask({ path });
    },
  },
  {
    id: 'namespace-refused',
    title: 'refuses names and namespaces that cannot be',
    async talk(server) {
      const create = (metadata: object) =>
        server.ask({
          method: 'POST',
          path: '/api/v1/namespaces',
          body: { kind: 'Namespace', apiVersion: 'v1', metadata },
        });
      await create({ name: 'Not-A-Name' });
      await create({ name: 'with.dot' });
      await create({ name: server.namespace });
      await create({ name: 'x', namespace: 'y' });
      await server.ask({ method: 'DELETE', path: '/api/v1/namespaces/contract-none' });
      await server.ask({ method: 'DELETE', path: '/api/v1/namespaces/default' });
      await server.ask({ method: 'DELETE', path: '/api/v1/namespaces' });
    },
  },
];
