import { CONTROL_USER } from '../servers/control-identity.ts';
import { WATCHED_RESOURCES } from '../servers/watches/watched-resource.ts';

/** One thing that the proxy has to be allowed, as RBAC judges it. */
export interface RequiredRight {
  readonly verb: string;
  /** A path, or an object of a group. */
  readonly on:
    | { readonly path: string }
    | {
        readonly group: string;
        readonly resource: string;
        /** '' for all. */
        readonly namespace: string;
        /** '' for all. */
        readonly name: string;
      };
  /** Which grants it, to the user of the proxy. */
  readonly manifest: string;
}

/** Documents of API metadata, health and version. One path stands for all that a pattern has. */
const PATHS = [
  '/api',
  '/api/v1',
  '/apis',
  '/apis/apps/v1',
  '/openapi/v2',
  '/openapi/v3',
  '/openapi/v3/api/v1',
  '/readyz',
  '/version',
];
/** Types whose objects are asked for by name before a type is said not to exist. */
const DECLARATIONS: ReadonlySet<string> = new Set(['customresourcedefinitions', 'apiservices']);
const MANIFEST = 'deploy/rbac.yaml';

/** What deploy/rbac.yaml grants, but for the metrics of the servers, which only preflight reads. */
export const PROXY_RIGHTS: readonly RequiredRight[] = [
  ...PATHS.map((path): RequiredRight => ({ verb: 'get', on: { path }, manifest: MANIFEST })),
  ...WATCHED_RESOURCES.flatMap(({ group, resource, namespace = '', name = '' }) => {
    const verbs = DECLARATIONS.has(resource) ? ['get', 'list', 'watch'] : ['list', 'watch'];
    return verbs.map((verb): RequiredRight => ({ verb, on: { group, resource, namespace, name }, manifest: MANIFEST }));
  }),
];

/** What deploy/publishing-rbac.yaml grants. */
export const PUBLISHING_RIGHTS: readonly RequiredRight[] = ['get', 'create', 'patch', 'delete'].map((verb) => ({
  verb,
  on: { group: 'coordination.k8s.io', resource: 'leases', namespace: 'kube-system', name: '' },
  manifest: 'deploy/publishing-rbac.yaml',
}));

/** One text for each thing: `list/watch leases.coordination.k8s.io in kube-system`, `get /readyz`. */
export function rightsText(rights: readonly RequiredRight[]): readonly string[] {
  const things = Map.groupBy(rights, ({ on }) => thingText(on));
  return [...things].map(([thing, same]) => `${same.map(({ verb }) => verb).join('/')} ${thing}`);
}

function thingText(on: RequiredRight['on']): string {
  if ('path' in on) return on.path;
  const { group, resource, namespace, name } = on;
  const what = name === '' ? `${resource}.${group}` : `${resource}.${group} ${name}`;
  return namespace === '' ? what : `${what} in ${namespace}`;
}

/** The SelfSubjectAccessReview that asks for the right. */
export function accessReview({ verb, on }: RequiredRight): object {
  const spec =
    'path' in on
      ? { nonResourceAttributes: { verb, path: on.path } }
      : { resourceAttributes: { verb, version: '*', ...on } };
  return { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec };
}

/** Who has to be granted it when the manifest's own subject is not who we are. */
export function subjectText(user: string): string {
  return user === CONTROL_USER ? '' : `, with the user ${user} as its subject`;
}
