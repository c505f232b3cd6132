import { z } from 'zod';
import { count, flag, names, seconds, text } from './common.ts';

export const unknownTypeOutcome = z
  .enum(['retried', 'unavailable', 'relayed', 'abandoned'])
  .describe(
    'What the client got: retried: another answer; unavailable: 503, and comes back; relayed: the 404; abandoned: nothing, it had left.',
  );

/** What is known of one exchange; a line of the access log has the same. */
export const decisionFields = {
  id: count('Counts up from 1 since the start of the proxy.'),
  method: text('HTTP method.'),
  verb: text(
    "Verb of Kubernetes; the method in lower case where no resource is asked for; '' of a target that is no URL.",
  ),
  group: text("API group; '' is the core group, and where no resource is asked for."),
  version: text("API version; '' where no resource is asked for."),
  resource: text("In plural, as in paths; '' where none is asked for."),
  subresource: text("'' for the resource itself."),
  namespace: text("'' where there is none."),
  name: text("Name in the path; '' where there is none, and of Secrets."),
  path: text(
    "Path without its query, 512 characters at most; … stands for the name of a Secret and for what comes after proxy/. '' of a target that is no URL.",
  ),
  client: text(
    'Family of the User-Agent, as in metrics: kubectl, kubelet, …; none or other where it says nothing known.',
  ),
  decision: text(
    'Reason of the decision, as explain names it; MergedDiscovery and Refused for answers of the proxy itself.',
  ),
  server: text("The server that answered; '' when none did."),
  status: count('Status that the client got; 0 when it left before.'),
  attempts: count('How often a server was asked.'),
  milliseconds: seconds('From the head of the request to the head of the answer.'),
  error: text("Code of the proxy's own error, as in errors.md; '' when a server answered."),
  unknownType: z
    .strictObject({
      outcome: unknownTypeOutcome,
      denying: names('Servers that answered as if they did not know the type, which they list.'),
      awaited: flag('The type had been declared a moment ago, and was waited for.'),
    })
    .nullable()
    .describe('What was done about answers that said "unknown type"; null when there were none.'),
  traceId: text("Trace of the client's traceparent, or that in which the exchange is recorded; '' without one."),
  auditId: text("Audit-ID under which the server audits the request; '' when it did not say."),
  notable: flag(
    'It went to a peer, was sent more than once, met an unexpected 404, waited for a type, or was answered by an error of the proxy.',
  ),
};
