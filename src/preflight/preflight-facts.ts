import { objectIn, objectsAt, textAt, valueAt } from './json-object.ts';
import type { PreflightSetting } from './preflight-setting.ts';
import { type ServedBy, type TypeChanges, typeChanges } from './type-changes.ts';

/** The setting, and what several checks read of it. */
export interface PreflightFacts extends PreflightSetting {
  /** Of the servers that could be read, by the names that are in `unread` otherwise. */
  changes(): Promise<TypeChanges & { readonly unread: readonly string[] }>;
}

export function preflightFacts(setting: PreflightSetting): PreflightFacts {
  let changes: ReturnType<PreflightFacts['changes']> | undefined;
  return {
    ...setting,
    changes: () => {
      changes ??= readChanges(setting);
      return changes;
    },
  };
}

async function readChanges(setting: PreflightSetting) {
  const { servers, target } = setting;
  const read = await Promise.all(
    servers.map(async (server) => {
      const [discovery, version] = await Promise.all([server.discovery(), server.version()]);
      if (discovery.kind !== 'read') return server.name;
      const known = version.kind === 'read' ? version.value : undefined;
      return { server: server.name, version: known, discovery: discovery.value };
    }),
  );
  const served = read.filter((each): each is ServedBy => typeof each !== 'string');
  const unread = read.filter((each) => typeof each === 'string');
  const isDeclared = target?.origin === 'cluster' ? () => false : await declaredTypes(setting);
  return { ...typeChanges({ servers: served, target, isDeclared }), unread };
}

const API_SERVICES = '/apis/apiregistration.k8s.io/v1/apiservices';
const AUTOMANAGED = 'kube-aggregator.kubernetes.io/automanaged';

/**
 * Which group-versions come from CRDs and extension servers, and not with a release: kube-apiserver's APIService objects say so
 * (`automanaged: true` for those of CRDs, `onstart` for its own). Where they cannot be read, a group outside of *.k8s.io is
 * taken for one of those.
 */
async function declaredTypes({ servers }: PreflightSetting): Promise<(group: string, version: string) => boolean> {
  for (const server of servers) {
    const read = await server.known(API_SERVICES, 'application/json', true);
    if (read.kind !== 'read') continue;
    const declared = new Set<string>();
    for (const item of objectsAt(objectIn(read.value.body), 'items')) {
      const isBuiltIn = valueAt(item, 'metadata', 'labels', AUTOMANAGED) === 'onstart';
      if (!isBuiltIn) declared.add(`${textAt(item, 'spec', 'group')}/${textAt(item, 'spec', 'version')}`);
    }
    return (group, version) => declared.has(`${group}/${version}`);
  }
  return (group) => group.includes('.') && !group.endsWith('.k8s.io');
}
