import type { ContractCase } from './case.ts';
import { configMap, deployment } from './objects.ts';

const MERGE = 'application/merge-patch+json';
const JSON_PATCH = 'application/json-patch+json';
const STRATEGIC = 'application/strategic-merge-patch+json';
const APPLY = 'application/apply-patch+yaml';

export const patchCases: readonly ContractCase[] = [
  {
    id: 'patch',
    title: 'patches in every way',
    async talk(server) {
      const path = server.in('apps/v1', 'deployments', 'x');
      await server.ask({ method: 'POST', path: server.in('apps/v1', 'deployments'), body: deployment('x') });
      const ask = (type: string, body: unknown) => server.ask({ method: 'PATCH', path, type, body });
      await ask(MERGE, { metadata: { labels: { a: '1', b: '2' } }, spec: { replicas: 3 } });
      await ask(MERGE, { metadata: { labels: { a: null } }, status: { replicas: 7 } });
      await ask(JSON_PATCH, [
        { op: 'test', path: '/spec/replicas', value: 3 },
        { op: 'replace', path: '/spec/replicas', value: 4 },
        { op: 'add', path: '/metadata/annotations', value: { 'example.com/a': '1' } },
      ]);
      await ask(JSON_PATCH, [{ op: 'test', path: '/spec/replicas', value: 3 }]);
      const containers = [{ name: 'main', env: [{ name: 'E', value: '1' }] }];
      await ask(STRATEGIC, { spec: { template: { spec: { containers } } } });
      await ask(MERGE, {});
    },
  },
  {
    id: 'patch-refused',
    title: 'refuses patches that it cannot read or do',
    async talk(server) {
      const path = server.in('v1', 'configmaps', 'x');
      await server.quietly({ method: 'POST', path: server.in('v1', 'configmaps'), body: configMap('x') });
      const ask = (type: string, body: unknown, query = '') =>
        server.ask({ method: 'PATCH', path: `${path}${query}`, type, body });
      await ask('application/json', {});
      await ask('application/apply-patch+cbor', {});
      await ask(MERGE, '{');
      await ask(MERGE, '[]');
      await ask(JSON_PATCH, '{}');
      await ask(JSON_PATCH, [{ op: 'remove', path: '/none' }]);
      await ask(JSON_PATCH, Array(10_001).fill({ op: 'test', path: '/data/a', value: '1' }));
      await ask(STRATEGIC, { data: { $patch: 'frobnicate' } });
      await ask(MERGE, { metadata: { name: 'y' } });
      await ask(MERGE, { metadata: { namespace: 'other' } });
      await ask(MERGE, { metadata: { resourceVersion: '1' } });
      await ask(MERGE, { metadata: { uid: '00000000-0000-0000-0000-000000000000' } });
      await ask(MERGE, { metadata: { labels: { a: 'not a value' } } });
      await ask(MERGE, {}, '?force=true');
      await ask(APPLY, configMap('x'));
      await ask(APPLY, { ...configMap('x'), apiVersion: 'v2' }, '?fieldManager=m');
      await ask(APPLY, configMap('x', {}, { managedFields: [{}] }), '?fieldManager=m');
      await ask(APPLY, configMap('y'), '?fieldManager=m');
      await server.ask({ method: 'PATCH', path: server.in('v1', 'configmaps', 'none'), type: MERGE, body: {} });
    },
  },
  {
    id: 'apply',
    title: 'applies configurations of several managers',
    async talk(server) {
      const path = server.in('v1', 'configmaps', 'x');
      const ask = (manager: string, body: unknown, force = '') =>
        server.ask({ method: 'PATCH', path: `${path}?fieldManager=${manager}${force}`, type: APPLY, body });
      await ask('one', configMap('x', { a: '1', b: '1' }));
      await ask('one', configMap('x', { a: '1', b: '1' }));
      await ask('two', configMap('x', { a: '2', c: '2' }));
      await ask('two', configMap('x', { a: '2', c: '2' }), '&force=true');
      await ask('one', configMap('x', { b: '1' }));
      await ask('two', configMap('x', { a: '2' }));
      await server.ask({ method: 'PUT', path: `${path}?fieldManager=three`, body: configMap('x', { a: '3', b: '1' }) });
      await ask('one', configMap('x', {}));
      await ask('two', `# YAML\n${JSON.stringify(configMap('x', { a: '3' }))}`, '&dryRun=All');
    },
  },
];
