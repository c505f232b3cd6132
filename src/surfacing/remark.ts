import { compareServerVersions, type ServerVersion, versionText } from '../kubernetes/kube-version.ts';
import { REASONS, type ReasonCode } from './reasons.ts';
import type { ServerEvidence } from './server-evidence.ts';
import type { servedState } from './server-findings.ts';
import type { Shape, ShapeFinding } from './shape.ts';
import { findingIn, groupVersion, type SoughtType } from './sought-type.ts';
import type { Remark } from './surfacing-report.ts';

/** One server with what it says of a type. */
export interface ServerView {
  readonly evidence: ServerEvidence;
  readonly findings: ReadonlyMap<Shape, ShapeFinding>;
  readonly served: ReturnType<typeof servedState>;
}

/** All that is known of one type. */
export interface Case {
  readonly sought: SoughtType;
  readonly views: readonly ServerView[];
  /** Those that serve it, as Stale or not, and those that cannot be asked and did when they were read last. */
  readonly having: readonly ServerView[];
  readonly lacking: readonly ServerView[];
  readonly merged: ReadonlyMap<Shape, ShapeFinding>;
  readonly hasMergedView: boolean;
}

type Named = readonly { readonly evidence: Pick<ServerEvidence, 'server'> }[];

/** `remedy` is the reason's own unless there is something better to say. */
export function remark(
  code: ReasonCode,
  servers: Named,
  message: string,
  remedy: string = REASONS[code].remedy,
): Remark {
  return { code, servers: servers.map(({ evidence }) => evidence.server.name), message, remedy };
}

/** Whether the proxy routes by the belief that the server serves it. */
export function isInTablesOf({ evidence: { server } }: Named[number], sought: SoughtType): boolean {
  const { api = [], apis = [] } = server.tables ?? {};
  return findingIn([...api, ...apis], sought).state !== 'missing';
}

/** `widgets in example.com/v1`, `example.com/v1`. */
export function typeText(sought: SoughtType): string {
  if (sought.resource === undefined) return groupVersion(sought) || 'the core group';
  return `${sought.resource} in ${groupVersion(sought) || 'the core group'}`;
}

/** `new (1.37.2) and old (1.34.4)` */
export function serversText(servers: Named): string {
  const names = servers.map(({ evidence: { server } }) =>
    server.version === undefined ? server.name : `${server.name} (${versionText(server.version)})`,
  );
  return names.length < 2 ? (names[0] ?? 'no server') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/** `serves` of one server, `serve` of several. */
export function verb(servers: readonly unknown[], one: string, several: string): string {
  return servers.length === 1 ? one : several;
}

/** Oldest and newest release; both undefined when one of the servers has not told its own. */
export function releaseRange(servers: Named): readonly [ServerVersion | undefined, ServerVersion | undefined] {
  const versions = servers.flatMap(({ evidence: { server } }) => server.version ?? []);
  if (versions.length < servers.length) return [undefined, undefined];
  const sorted = versions.toSorted(compareServerVersions);
  return [sorted[0], sorted.at(-1)];
}
