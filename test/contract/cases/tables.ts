import type { ContractCase } from './case.ts';
import { configMap, deployment } from './objects.ts';

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
const PARTIAL = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json';
const PARTIAL_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';

export const tableCases: readonly ContractCase[] = [
  {
    id: 'tables',
    title: 'prints objects as tables',
    async talk(server) {
      const objects: readonly (readonly [string, string, object])[] = [
        ['v1', 'configmaps', configMap('x', { a: '1', b: '2' })],
        ['v1', 'secrets', { metadata: { name: 'x' }, type: 'Opaque', data: { a: 'MQ==' } }],
        ['apps/v1', 'deployments', deployment('x')],
        ['v1', 'serviceaccounts', { metadata: { name: 'x' } }],
        [
          'v1',
          'services',
          {
            metadata: { name: 'x' },
            spec: { type: 'ExternalName', externalName: 'example.com', sessionAffinity: 'None' },
          },
        ],
        [
          'rbac.authorization.k8s.io/v1',
          'roles',
          { metadata: { name: 'x' }, rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] },
        ],
        ['coordination.k8s.io/v1', 'leases', { metadata: { name: 'x' }, spec: { holderIdentity: 'me' } }],
        ['v1', 'resourcequotas', { metadata: { name: 'x' }, spec: { hard: { pods: '4' } } }],
        ['batch/v1', 'cronjobs', cronJob],
        [
          'networking.k8s.io/v1',
          'networkpolicies',
          { metadata: { name: 'x' }, spec: { podSelector: { matchLabels: { a: '1' } } } },
        ],
        ['policy/v1', 'poddisruptionbudgets', { metadata: { name: 'x' }, spec: { minAvailable: 1 } }],
        ['v1', 'pods', pod],
      ];
      for (const [groupVersion, resource, body] of objects) {
        const path = server.in(groupVersion, resource);
        const made = await server.quietly({ method: 'POST', path, body });
        if (made.status !== 201) throw new Error(made.text);
        await server.ask({ path, accept: TABLE });
      }
      const path = server.in('v1', 'configmaps');
      await server.ask({ path: `${path}/x`, accept: TABLE });
      await server.ask({ path: `${path}?includeObject=Object`, accept: TABLE });
      await server.ask({ path: `${path}?includeObject=None`, accept: TABLE });
      await server.ask({ path: `${path}?includeObject=Some`, accept: TABLE });
      await server.ask({ path: `${path}?limit=1`, accept: TABLE });
      await server.ask({ path: `/api/v1/namespaces/${server.namespace}`, accept: TABLE });
      await server.ask({ path: `${path}/none`, accept: TABLE });
      await server.ask({ path, accept: 'application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json' });
      await server.ask({ path, accept: 'application/json;as=Table;v=v2;g=meta.k8s.io,application/json' });
    },
  },
  {
    id: 'metadata-only',
    title: 'answers metadata alone',
    async talk(server) {
      const path = server.in('v1', 'configmaps');
      await server.quietly({ method: 'POST', path, body: configMap('x') });
      await server.ask({ path: `${path}/x`, accept: PARTIAL });
      await server.ask({ path, accept: PARTIAL_LIST });
    },
  },
  {
    id: 'table-watch',
    title: 'watches tables',
    async talk(server) {
      const path = server.in('v1', 'configmaps');
      await server.quietly({ method: 'POST', path, body: configMap('x') });
      await server.watch(`${path}?watch=true`, 1, undefined, TABLE);
    },
  },
];

const template = {
  spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'example.com/image:1' }] },
};

const cronJob = {
  metadata: { name: 'x' },
  spec: { schedule: '1 2 3 * *', jobTemplate: { spec: { template } } },
};

const pod = { metadata: { name: 'x' }, ...template };
