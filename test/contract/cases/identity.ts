import type { ContractCase } from './case.ts';
import { configMap } from './objects.ts';

const review = (group: string, kind: string, spec?: object) => ({
  apiVersion: `${group}/v1`,
  kind,
  ...(spec !== undefined && { spec }),
});

export const identityCases: readonly ContractCase[] = [
  {
    id: 'refused-users',
    title: 'refuses who is nobody or may not',
    async talk(server) {
      const path = server.in('v1', 'configmaps');
      await server.ask({ path, as: 'nobody' });
      await server.ask({ path: `${path}/x`, as: 'nobody' });
      await server.ask({ path, as: { token: 'wrong' } });
      await server.ask({ path, as: 'stranger' });
      await server.ask({ path: `${path}/x`, as: 'stranger' });
      await server.ask({ method: 'POST', path, body: configMap('x'), as: 'stranger' });
      await server.ask({ path: '/api/v1/nodes', as: 'stranger' });
      await server.ask({ path: server.in('apps/v1', 'deployments', 'x', 'scale'), as: 'stranger' });
      await server.ask({ path: '/metrics', as: 'stranger' });
      await server.ask({ path: '/apis/none.example.com/v1/nothings', as: 'stranger' });
      await server.ask({ path, headers: { 'impersonate-user': 'joe' } });
      await server.ask({ path, headers: { 'impersonate-user': 'joe' }, as: 'stranger' });
      await server.ask({ path, headers: { 'impersonate-group': 'ops' } });
    },
  },
  {
    id: 'reviews',
    title: 'says who one is and what one may do',
    async talk(server) {
      const authentication = '/apis/authentication.k8s.io/v1';
      const authorization = '/apis/authorization.k8s.io/v1';
      const ask = (path: string, body: object, as: 'admin' | 'stranger' = 'admin') =>
        server.ask({ method: 'POST', path, body, as });
      const self = review('authentication.k8s.io', 'SelfSubjectReview');
      await ask(`${authentication}/selfsubjectreviews`, self);
      await ask(`${authentication}/selfsubjectreviews`, self, 'stranger');
      const list = { resourceAttributes: { verb: 'list', resource: 'pods', namespace: server.namespace } };
      const access = review('authorization.k8s.io', 'SelfSubjectAccessReview', list);
      await ask(`${authorization}/selfsubjectaccessreviews`, access);
      await ask(`${authorization}/selfsubjectaccessreviews`, access, 'stranger');
      const path = { nonResourceAttributes: { verb: 'get', path: '/version' } };
      const nonResource = review('authorization.k8s.io', 'SelfSubjectAccessReview', path);
      await ask(`${authorization}/selfsubjectaccessreviews`, nonResource, 'stranger');
      const subject = { user: 'joe', groups: ['system:masters'], ...list };
      await ask(
        `${authorization}/subjectaccessreviews`,
        review('authorization.k8s.io', 'SubjectAccessReview', subject),
      );
      await ask(`${authorization}/subjectaccessreviews`, review('authorization.k8s.io', 'SubjectAccessReview', list));
      await ask(`${authorization}/selfsubjectaccessreviews`, review('authorization.k8s.io', 'SelfSubjectAccessReview'));
      const token = { token: 'wrong' };
      await ask(`${authentication}/tokenreviews`, review('authentication.k8s.io', 'TokenReview', token));
      await server.ask({ path: `${authorization}/selfsubjectaccessreviews` });
    },
  },
];
