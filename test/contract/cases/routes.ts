import type { ContractCase } from './case.ts';

const FIELDS = [
  'cache-control',
  'content-type',
  'retry-after',
  'vary',
  'warning',
  'www-authenticate',
  'x-content-type-options',
];

export const routeCases: readonly ContractCase[] = [
  {
    id: 'unknown',
    title: 'answers the unknown byte for byte',
    async talk(server) {
      const get = (path: string) => server.ask({ path }, { keep: ({ text }) => text, fields: FIELDS });
      const unknown = [
        '/none',
        '/api/v2',
        '/api/v2/pods',
        '/api/v1/nothings',
        '/api/v1/nothings/x',
        '/api/v1/nothings/x/status',
        server.in('v1', 'nothings'),
        '/apis/none.example.com',
        '/apis/none.example.com/v1',
        '/apis/none.example.com/v1/nothings',
        '/apis/none.example.com/v1/namespaces/x/nothings/y',
        '/apis/apps/v9',
        '/apis/apps/v9/deployments',
        '/apis/apps/v1/nothings',
        server.in('apps/v1', 'nothings', 'x'),
        server.in('apps/v1', 'deployments', 'x', 'nothing'),
        '/api/v1/watch/nothings',
        '/healthz/nothing',
      ];
      for (const path of unknown) await get(path);
    },
  },
  {
    id: 'methods',
    title: 'answers methods that a path does not have',
    async talk(server) {
      const requests: readonly (readonly [string, string])[] = [
        ['PUT', server.in('v1', 'configmaps')],
        ['PATCH', server.in('v1', 'configmaps')],
        ['POST', server.in('v1', 'configmaps', 'x')],
        ['OPTIONS', server.in('v1', 'configmaps')],
        ['POST', '/api/v1/configmaps'],
        ['POST', '/apis/none.example.com/v1/nothings'],
        ['DELETE', '/apis/apps/v1/nothings'],
        ['PUT', '/api/v1/nothings/x'],
        ['PATCH', '/api/v1/componentstatuses/x'],
        ['DELETE', '/api/v1'],
        ['POST', '/version'],
        ['GET', server.in('authorization.k8s.io/v1', 'localsubjectaccessreviews')],
      ];
      for (const [method, path] of requests) {
        const body = method === 'GET' || method === 'DELETE' || method === 'OPTIONS' ? undefined : {};
        await server.ask(
          { method, path, ...(body !== undefined && { body }) },
          { keep: ({ text }) => text, fields: [...FIELDS, 'allow'] },
        );
      }
    },
  },
  {
    id: 'headers',
    title: 'sends the header fields of kube-apiserver',
    async talk(server) {
      const path = server.in('v1', 'configmaps');
      const keep = ({ headers }: { headers: object }) =>
        Object.fromEntries(
          Object.keys(headers)
            .filter((name) => !name.startsWith(':') && name !== 'date')
            .map((name) => [name, 'sent']),
        );
      await server.ask({ path }, { keep, fields: FIELDS });
      await server.ask({ path: `${path}/none` }, { keep, fields: FIELDS });
      await server.ask({ path, as: 'stranger' }, { keep, fields: FIELDS });
      await server.ask({ path, as: { token: 'wrong' } }, { keep, fields: FIELDS });
      await server.ask({ path: '/apis/none.example.com/v1/x' }, { keep, fields: FIELDS });
      await server.ask({ path: '/api' }, { keep, fields: FIELDS });
      await server.ask({ path: '/version' }, { keep, fields: FIELDS });
      await server.ask({ path: '/readyz' }, { keep, fields: FIELDS });
      const deprecated = { metadata: { name: 'x' }, subsets: [] };
      await server.ask(
        { method: 'POST', path: server.in('v1', 'endpoints'), body: deprecated },
        { keep, fields: FIELDS },
      );
      await server.ask({ method: 'HEAD', path }, { keep, fields: FIELDS });
    },
  },
  {
    id: 'health',
    title: 'says that it is well and what it is',
    async talk(server) {
      for (const path of ['/healthz', '/livez', '/readyz', '/readyz/ping', '/livez/ping']) await server.ask({ path });
      for (const path of ['/version', '/version/', '/readyz', '/healthz', '/livez']) {
        await server.ask({ path, as: 'nobody' }, { keep: ({ text, json }) => (json === undefined ? text : 'JSON') });
      }
    },
  },
];
