import { z } from 'zod';
import type { StatusReport } from '../admin/status-report.ts';
import { ENGINE_NAMES } from '../wire/engine-name.ts';
import { count, flag, names, seconds, text, time } from './common.ts';
import { type Report, schemaOf } from './report.ts';

const counts = (description: string) => z.record(z.string(), z.int()).describe(description);

const watch = z.strictObject({
  resource: text('Plural name of what is watched, such as customresourcedefinitions.'),
  state: z
    .enum(['waiting', 'listing', 'opening', 'watching', 'denied', 'absent', 'unavailable'])
    .describe('watching: changes are seen at once; in every other state up to discovery.intervalSeconds later.'),
  condition: text("Why changes are not seen; '' while they are."),
});

const server = z.strictObject({
  name: text('Name in the configuration, or the one that membership gave it.'),
  address: text('Host and port.'),
  local: flag('The server beside this proxy (sidecar).'),
  version: text('Release; absent while it has not told.').optional(),
  state: z
    .enum(['discovered', 'probing', 'confirming', 'ready', 'unready', 'draining', 'gone'])
    .describe(
      'ready: it gets requests. confirming: healthy, its discovery is being read. draining: it says that it is going. gone: it left, and its types stay listed for the departure grace.',
    ),
  since: time('When it came into this state.'),
  condition: text("Why it gets no requests; '' when it does."),
  discovery: z
    .strictObject({
      shape: z.enum(['v2', 'v2beta1', 'legacy']).optional().describe('Form in which it is read; absent: never read.'),
      failure: text("Why it cannot be read; '' when it can."),
      reason: text("The same in one word, as in metrics; '' when it can."),
      errors: counts('How often it could not be read, by reason.'),
    })
    .describe('Reading what it serves.'),
  openapi: z
    .strictObject({
      documents: count('How many documents its index lists; absent: never read.').optional(),
      failure: text("Why its index cannot be read; '' when it can."),
    })
    .describe('Reading its OpenAPI documents.'),
  watches: z.array(watch).describe('What announces changes of what it serves; empty where nothing is watched.'),
  nativeMixedVersionProxy: z
    .enum(['on', 'off', 'unknown'])
    .describe('Whether its own mixed version proxy merges what its peers serve; unknown where that cannot show.'),
  discoveryAgeSeconds: seconds('Since its discovery was confirmed; absent: never.').optional(),
  openExchanges: count('Requests that it is answering, watches included.'),
});

const conflict = z.strictObject({
  group: text("'' is the core group."),
  version: text('Such as v1.'),
  resource: text('Plural name.'),
  subresource: text("'' for the resource itself."),
  field: z.enum(['scope', 'responseKind']).describe('What the servers disagree about.'),
  values: z
    .array(z.strictObject({ server: text('Name.'), value: text('What it says.') }))
    .describe('Newest server first; what the first says is published.'),
});

const decisions = z.strictObject({
  requests: count('All that were answered, or given up by their client.'),
  byDecision: z
    .array(
      z.strictObject({
        decision: text(
          'Code of the routing decision, see docs/routing.md; MergedDiscovery for what the proxy answers itself, Refused for what it refuses.',
        ),
        code: text('Class of the status, such as 2xx; canceled when the client left before.'),
        count: count('How many.'),
      }),
    )
    .describe('The most frequent first.'),
  false404sPrevented: z
    .strictObject({
      routed: count('Sent to a server that serves the type.'),
      healed: count('Sent to another server after one had denied a type that it lists.'),
      awaited: count('Waited for a type that had been declared a moment before.'),
    })
    .describe('Requests answered that would have been 404.'),
  unexpected404s: z
    .strictObject({
      retried: count('Another server answered: the client saw nothing of it.'),
      unavailable: count('The proxy answered 503, and the client asks again.'),
      relayed: count('The client got the 404.'),
    })
    .describe('Requests that a server answered as if it did not know a type that it lists.'),
  retries: counts('Requests sent again, by what happened to the attempt before.'),
  errors: counts('Answers of the proxy itself, by the codes of errors.md.'),
});

const membership = z.strictObject({
  sources: z
    .array(
      z.strictObject({
        source: text('Name, as in metrics.'),
        up: flag('It can be read.'),
        condition: text("Why it cannot; '' when it can."),
        members: count('Servers in its last answer.'),
        ageSeconds: seconds('Age of that answer; absent: there never was one.').optional(),
      }),
    )
    .describe('Where servers come from, beside the static list.'),
  refused: z
    .array(
      z.strictObject({
        source: text('Who proposed it.'),
        id: text('What the source calls it.'),
        address: text('Host and port.'),
        reason: text('Why it is not used.'),
      }),
    )
    .describe('Proposed, but not used; the first 20.'),
});

const publishing = z.strictObject({
  identity: text('Under which API servers with their own mixed version proxy find this one.'),
  leaseOf: z.enum(['server', 'proxy']).describe('Who keeps the Lease of that name.'),
  announcementLease: text('Name of the Lease in kube-system with which they are told to look.'),
  address: text('Where they send requests.'),
  record: z
    .enum(['withdrawn', 'published', 'held', 'failing'])
    .describe('What they find in etcd; held: what somebody else publishes under this identity.'),
  recordAgeSeconds: seconds('Since it was written; absent: not now.').optional(),
  leaseAgeSeconds: seconds('Since they were told; absent: never.').optional(),
  announcements: count('How often they were made to read all their peers.'),
  errors: count('Attempts to write the record that failed.'),
  message: text("What is wrong, and what to do; '' when all is well."),
});

export const statusReportSchema: Report = {
  command: 'mvproxy status',
  path: '/status',
  name: 'status',
  title: 'The servers and their state, what is known of them, and what became of requests since the start.',
  schema: schemaOf<StatusReport>()(
    z.strictObject({
      kind: z.literal('ProxyStatus').describe('Kind of this document.'),
      generatedAt: time('When this was true.'),
      version: text('Version of the proxy.'),
      startedAt: time('When this process started.'),
      uptimeSeconds: seconds('Since then.'),
      ready: flag('Requests can be served, as /readyz says.'),
      unreadiness: names('Why they cannot; empty when they can.'),
      view: z
        .enum(['merged', 'server-local'])
        .describe('merged: clients see what any server serves. server-local: what their own server serves.'),
      viewCondition: text("Why the view is server-local; '' when it is merged."),
      generation: count('Counts the snapshots that requests were routed by.'),
      settled: flag('The merged documents say all that has been read.'),
      staleAfterSeconds: seconds('Discovery that was not confirmed for so long is listed as Stale.'),
      servers: z.array(server).describe('In the order of the configuration, then those that left.'),
      conflicts: z.array(conflict).describe('Servers that disagree about what a resource is.'),
      decisions: decisions.describe('What became of requests since the start.'),
      membership: membership.describe('Where servers come from.'),
      publishing: publishing.optional().describe('How others find this proxy; absent where nothing is published.'),
      http2Engine: z.enum(ENGINE_NAMES).describe('Which implementation of HTTP/2 is in use.'),
      otherWorkers: names(
        'Admin listeners of the other workers of this proxy, each of which counts its own requests; empty where it is one process.',
      ),
    }),
  ),
};
