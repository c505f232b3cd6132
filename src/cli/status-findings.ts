import type { ServerStatus } from '../admin/status.ts';
import type { StatusReport } from '../admin/status-report.ts';
import { spanText } from './span-text.ts';

/** What may be wrong with a running proxy; stable, for `--fail-on`. */
export const STATUS_FINDINGS = {
  unready: 'the proxy or one of its servers gets no requests',
  stale: 'what a server serves cannot be read',
  'unexpected-404': 'a client was told that a type does not exist which a server lists',
  'server-local': 'peer traffic cannot be authenticated, so that nothing is merged',
  conflict: 'servers disagree about what a resource is',
  watch: 'changes of what servers serve are not announced',
  membership: 'a source of servers cannot be read, or proposes one that is not used',
  publishing: 'API servers cannot find this proxy',
} as const;

export type StatusFindingCode = keyof typeof STATUS_FINDINGS;

export interface StatusFinding {
  readonly code: StatusFindingCode;
  /** What is so, and what it means. */
  readonly text: string;
  /** What to do. */
  readonly fix: string;
}

/** What an operator should know or do something about, the gravest first. */
export function statusFindings(report: StatusReport): readonly StatusFinding[] {
  return [
    ...unready(report),
    ...serverLocal(report),
    ...unexpected404s(report),
    ...report.servers.flatMap((server) => stale(server, report)),
    ...denied(report),
    ...membership(report),
    ...publishing(report),
    ...conflicts(report),
  ];
}

function unready({ ready, unreadiness, servers, generatedAt }: StatusReport): StatusFinding[] {
  const own: StatusFinding = {
    code: 'unready',
    text: `The proxy is not ready: ${unreadiness.join('; ')}.`,
    fix: 'Balancers send it nothing meanwhile. See what is said of the servers.',
  };
  const theirs = servers
    .filter(({ state }) => state !== 'ready')
    .map(({ name, state, since, condition }): StatusFinding => {
      const span = spanText((Date.parse(generatedAt) - Date.parse(since)) / 1000);
      return {
        code: 'unready',
        text: `${name} gets no requests, ${state} for ${span}: ${sentenceEnd(condition)}`,
        fix:
          state === 'gone'
            ? 'Nothing if it comes back, or if nobody needs what only it served.'
            : `mvproxy preflight proves each link to ${name} and names the fix.`,
      };
    });
  return ready ? theirs : [own, ...theirs];
}

function serverLocal({ view, viewCondition }: StatusReport): StatusFinding[] {
  if (view === 'merged') return [];
  return [
    {
      code: 'server-local',
      text: `The view is server-local, ${viewCondition}: requests are not moved to servers that serve them, and discovery is not merged.`,
      fix: 'Give --peer-ca-file, --proxy-client-cert-file and --proxy-client-key-file to mvproxy serve.',
    },
  ];
}

function unexpected404s({ decisions: { unexpected404s } }: StatusReport): StatusFinding[] {
  const { relayed } = unexpected404s;
  if (relayed === 0) return [];
  return [
    {
      code: 'unexpected-404',
      text: `${relayed} ${relayed === 1 ? 'request was' : 'requests were'} answered 404 for a type that a server lists, and the client saw it.`,
      fix: 'The page /unexpected-404s of the admin listener names client, resource and server.',
    },
  ];
}

function stale(server: ServerStatus, { view, staleAfterSeconds }: StatusReport): StatusFinding[] {
  const { name, state, discovery, discoveryAgeSeconds: age } = server;
  const isOld = age !== undefined && age > staleAfterSeconds;
  if (view !== 'merged' || state === 'gone' || (discovery.failure === '' && !isOld)) return [];
  const known = age === undefined ? 'nothing is known of it yet' : `what was read ${spanText(age)} ago is gone on with`;
  return [
    {
      code: 'stale',
      text: `What ${name} serves cannot be read${discovery.failure === '' ? '' : ` (${discovery.failure})`}; ${known}.`,
      fix: `mvproxy preflight proves each link to ${name} and names the fix.`,
    },
  ];
}

/** One finding for all servers: they share RBAC. */
function denied({ servers }: StatusReport): StatusFinding[] {
  const failing = servers.flatMap(({ name, watches }) =>
    watches
      .filter(({ state }) => state === 'denied' || state === 'unavailable')
      .map(({ resource, condition, state }) => ({ name, resource, condition, state })),
  );
  const [first] = failing;
  if (first === undefined) return [];
  const names = [...new Set(failing.map(({ name }) => name))].join(', ');
  const resources = [...new Set(failing.map(({ resource }) => resource))].join(', ');
  return [
    {
      code: 'watch',
      text: `Changes of ${resources} are not announced by ${names} (${first.condition}): new types show up to some seconds later.`,
      fix: failing.some(({ state }) => state === 'denied')
        ? 'kubectl apply -f deploy/rbac.yaml'
        : 'Nothing if it passes: the watch is tried again.',
    },
  ];
}

function membership({ membership: { sources, refused } }: StatusReport): StatusFinding[] {
  return [
    ...sources
      .filter(({ up }) => !up)
      .map(
        ({ source, condition }): StatusFinding => ({
          code: 'membership',
          text: `The source ${source} of servers cannot be read (${condition}); its last answer holds.`,
          fix: 'docs/membership.md says what each source needs.',
        }),
      ),
    ...refused.map(
      ({ source, id, address, reason }): StatusFinding => ({
        code: 'membership',
        text: `${id} at ${address}, which ${source} proposes, is not used: ${reason}.`,
        fix: 'docs/membership.md says which servers are used.',
      }),
    ),
  ];
}

function publishing({ publishing: status }: StatusReport): StatusFinding[] {
  if (status === undefined || status.message === '') return [];
  return [{ code: 'publishing', text: sentenceEnd(status.message), fix: 'docs/native.md has the setup.' }];
}

function conflicts({ conflicts: found }: StatusReport): StatusFinding[] {
  return found.map(({ group, version, resource, subresource, field, values }): StatusFinding => {
    const what = [resource, subresource].filter((part) => part !== '').join('/');
    const said = values.map(({ server, value }) => `${server} says ${value}`).join(', ');
    return {
      code: 'conflict',
      text: `Servers disagree about the ${field === 'scope' ? 'scope' : 'kind'} of ${what} in ${group === '' ? version : `${group}/${version}`}: ${said}. The first is published.`,
      fix: 'Make the CustomResourceDefinition or APIService the same for all servers; releases that differ are upgraded.',
    };
  });
}

function sentenceEnd(text: string): string {
  return /[.?!]$/.test(text) ? text : `${text}.`;
}
