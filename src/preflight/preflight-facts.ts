import type { PreflightSetting } from './preflight-setting.ts';
import { type ServedBy, type TypeChanges, typeChanges } from './type-changes.ts';

/** The setting, and what several checks read of it. */
export interface PreflightFacts extends PreflightSetting {
  /** Of the servers that could be read, by the names that are in `unread` otherwise. */
  changes(): Promise<TypeChanges & { readonly unread: readonly string[] }>;
}

/** The release that is compared with, as texts name it. */
export function releaseText({ target }: PreflightSetting, to: string): string {
  return target?.isAbout === undefined ? to : `${to} (default flags)`;
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
  return { ...typeChanges(served, target), unread };
}
