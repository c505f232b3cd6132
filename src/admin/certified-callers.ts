import { judgeCertificate } from '../identity/client-certificate.ts';
import type { TrustAnchors } from '../identity/trust-anchors.ts';
import type { ClientCertificate, ExchangeHandler } from '../wire/exchange.ts';
import { AdminError } from './admin-page.ts';
import { refuse } from './refusal.ts';

/** Who may read the admin listener where others than this machine reach it. */
export interface CallerTrust {
  readonly clientCa: TrustAnchors;
  /** Common names. Empty: every certificate of the CA. */
  readonly allowedNames: readonly string[];
}

/** Tell nothing but how the proxy is, to whom cannot bring a certificate: kubelets and balancers (as in kube-apiserver). */
const HEALTH = new Set(['/livez', '/readyz', '/healthz']);

/** Answers callers with a certificate that `trust` is about, and everybody about its health. `clock`: epoch milliseconds. */
export function certifiedCallersOnly(
  handler: ExchangeHandler,
  trust: () => CallerTrust,
  clock: () => number,
): ExchangeHandler {
  return (exchange) => {
    const [path = ''] = exchange.head.target.split('?');
    const refusal = HEALTH.has(path) ? undefined : refusalOf(exchange.connection.certificate, trust(), clock());
    if (refusal === undefined) handler(exchange);
    else refuse(exchange, refusal);
  };
}

function refusalOf(
  certificate: ClientCertificate,
  { clientCa, allowedNames }: CallerTrust,
  now: number,
): AdminError | undefined {
  const { user, rejected } = judgeCertificate(certificate, { clientCa, requestHeaderCa: [], allowedNames: [] }, now);
  if (user === undefined) {
    const why =
      certificate.kind === 'none' ? 'none came' : `yours cannot be used: ${rejected ?? 'it names nobody (CN)'}`;
    return new AdminError(
      'Unauthorized',
      `The admin listener asks for a client certificate of its CA (--admin-client-ca-file), and ${why}. Commands take it with --admin-client-certificate and --admin-client-key.`,
    );
  }
  if (allowedNames.length === 0 || allowedNames.includes(user.name)) return undefined;
  return new AdminError(
    'Forbidden',
    `The certificate of "${user.name}" is valid, but --admin-allowed-names does not name it. Use a certificate of one that it names, or add this one.`,
  );
}
