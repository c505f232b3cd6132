import type { SecuredTls } from '../wire/tls-probe.ts';
import type { CheckCode } from './check-codes.ts';
import type { PreflightFacts } from './preflight-facts.ts';
import type { PreflightCheck } from './preflight-report.ts';
import type { ServerProbe } from './server-probe.ts';

/** What one check found, without its code. */
export type Finding = Omit<PreflightCheck, 'code'>;

export interface Check {
  readonly code: CheckCode;
  /** Does not reject, and does not wait longer than it takes servers to time out. */
  run(facts: PreflightFacts): Promise<readonly Finding[]>;
}

/** `server` is the server that it is about; '' for the proxy. */
export function pass(text: string, server = ''): Finding {
  return { server, status: 'pass', text, fix: '', needs: '' };
}

export function finding(status: 'warn' | 'fail' | 'unknown', text: string, fix: string, server = ''): Finding {
  return { server, status, text, fix, needs: '' };
}

/** Nothing can be said before another check passes. */
export function blocked(by: CheckCode, { name }: ServerProbe): Finding {
  return { server: name, status: 'unknown', text: `Not proved before ${by} passes.`, fix: '', needs: by };
}

/** One finding for each server. */
export function eachServer(
  { servers }: PreflightFacts,
  look: (server: ServerProbe) => Promise<Finding>,
): Promise<readonly Finding[]> {
  return Promise.all(servers.map(look));
}

/** One finding for each server that speaks TLS; what its TLS shows is known then. */
export function eachServerWithTls(
  facts: PreflightFacts,
  look: (server: ServerProbe, tls: SecuredTls) => Finding,
): Promise<readonly Finding[]> {
  return eachServer(facts, async (server) => {
    const tls = await server.tls();
    if (tls.kind === 'unreachable') return blocked('ServerReachable', server);
    return tls.kind === 'no-tls' ? blocked('ServerTLS', server) : look(server, tls);
  });
}

/** `a, b and c` */
export function listed(items: readonly string[]): string {
  return items.length < 2 ? (items[0] ?? 'none') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}

/** `a, b and 7 more` */
export function listedBriefly(items: readonly string[], most = 5): string {
  return items.length <= most + 1 ? listed(items) : listed([...items.slice(0, most), `${items.length - most} more`]);
}
