import { z } from 'zod';
import type { RequestExplanation } from '../admin/request-explanation.ts';
import type { ForwardReason, UnavailableReason } from '../routing/decision.ts';
import { flag, names, seconds, text } from './common.ts';
import { type Report, schemaOf } from './report.ts';

const request = z.strictObject({
  isResourceRequest: flag('The path has the shape /api/V/… or /apis/G/V/….'),
  verb: text('Verb of Kubernetes; of a path that names no resource the method in lower case.'),
  path: text('Percent-decoded.'),
  apiPrefix: text('api or apis; of other paths the first segment.'),
  apiGroup: text("'' is the core group."),
  apiVersion: text("'' for paths that name no resource."),
  namespace: text("'' when there is none."),
  resource: text("Plural name; '' for paths that name no resource."),
  subresource: text("'' for the resource itself."),
  name: text("'' for collections."),
  parts: names('Path segments from the resource on.'),
  fieldSelector: text("As given; '' when there is none."),
  labelSelector: text("As given; '' when there is none."),
});

const capability = z
  .discriminatedUnion('serves', [
    z.strictObject({ serves: z.literal('yes').describe('Its discovery lists all of it.') }),
    z.strictObject({
      serves: z.literal('maybe').describe('It lists the group-version as Stale, without resources.'),
    }),
    z.strictObject({
      serves: z.literal('no').describe('Its discovery does not list it.'),
      lacks: z
        .enum(['group', 'version', 'resource', 'subresource', 'verb'])
        .describe('The first thing that it does not have.'),
    }),
    z.strictObject({ serves: z.literal('unknown').describe('Its discovery was never read.') }),
  ])
  .nullable()
  .describe('What its discovery says about the request; null for paths that name no resource.');

const server = z.strictObject({
  name: text('Name in the configuration.'),
  version: text("Release; '' when it has not told."),
  ready: flag('It gets requests.'),
  condition: text("Why it gets none; '' when it does."),
  discoveryAgeSeconds: seconds(
    'Since its discovery was read last; null: never, or recorded at another time.',
  ).nullable(),
  source: z
    .enum(['proxy', 'context', 'recording'])
    .describe('Where its documents are from: a running proxy, the server itself, or a recording.'),
  capability,
  text: text('The same in words.'),
});

/** In the order of the routing table in docs/routing.md. */
const REASONS = [
  'PreferredCapable',
  'PeerServesResource',
  'PeerServesSubresourceOrVerb',
  'PreferredNotReady',
  'WritesNewest',
  'WritesOldest',
  'StaleGroupVersion',
  'NobodyCapable',
  'NonResource',
  'LocalNotReady',
  'PeerListsGroup',
  'NobodyLists',
  'NewestOpenAPI',
  'AlreadyProxied',
  'ServerLocalView',
  'CapableServersNotReady',
  'ServersNotSeen',
  'NoServerReady',
  'LocalServerNotReady',
  'NotServedHere',
] as const satisfies readonly (ForwardReason | UnavailableReason)[];

const outcome = z.strictObject({
  preferred: names('The preferred servers for which this holds; empty when no server is ready.'),
  answeredBy: z
    .enum(['preferred', 'other', 'proxy'])
    .describe('The preferred server, another one, or the proxy itself with 503.'),
  server: text("Who answers if it is another than the preferred server; else ''."),
  reason: z.enum(REASONS).describe('Code of the decision, as in metrics.'),
  refreshesFirst: flag('Discovery is read again before this is believed.'),
  text: text('The same in words.'),
});

export const explainReport: Report = {
  command: 'mvproxy explain METHOD PATH',
  path: '/explain',
  name: 'explain',
  title: 'How a URL is read, who serves it, which server would answer and why.',
  schema: schemaOf<RequestExplanation>()(
    z.strictObject({
      kind: z.literal('RequestExplanation').describe('Kind of this document.'),
      method: text('As it was asked about.'),
      path: text('As it was asked about, with its query.'),
      request: request.nullable().describe('How kube-apiserver reads the URL; null when it refuses to.'),
      refused: z
        .strictObject({ status: z.int().describe('HTTP status.'), message: text('What the answer says.') })
        .nullable()
        .describe('How kube-apiserver and the proxy refuse the URL; null when they do not.'),
      subject: text('What is asked for, in one word: jobs/status.v1.batch, or the path.'),
      servers: z.array(server).describe('Newest first.'),
      merged: flag('The proxy answers from its merged view, whatever the preferred server.'),
      preference: text(
        "Why the client that was asked about prefers the servers it does; '' when its version makes no difference.",
      ),
      outcomes: z
        .array(outcome)
        .describe('What a client gets, by the server it prefers. Without meaning while merged is true.'),
      alone: z
        .strictObject({
          server: text('Name of the server that was asked about.'),
          text: text('What it serves by itself, in words.'),
          lists: names('Groups, versions or resources that its document there names.'),
        })
        .nullable()
        .describe('What one server serves by itself; null when none was asked about.'),
    }),
  ),
};
