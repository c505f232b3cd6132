import type { TlsProbe } from '../wire/tls-probe.ts';
import { certificatesOf, issuedBy } from './certificate-chain.ts';
import type { CheckCode } from './check-codes.ts';
import { expiryFinding } from './expiry.ts';

/** How much of the way to a server is proved. */
export type Link =
  | { readonly kind: 'proven' }
  /** The first check on the way that does not pass. */
  | { readonly kind: 'broken'; readonly at: CheckCode };

/** What a handshake proves. `ca`: PEM bundle; undefined: there is nobody who could vouch for a server. */
export function linkOf(tls: TlsProbe, ca: string | undefined, now: number): Link {
  const broken = (at: CheckCode): Link => ({ kind: 'broken', at });
  if (tls.kind === 'unreachable') return broken('ServerReachable');
  if (tls.kind === 'no-tls' || tls.alpn !== 'h2') return broken('ServerTLS');
  if (ca === undefined) return broken('MergedView');
  const path = issuedBy(tls.chain, certificatesOf(ca), now);
  if (path === undefined) return broken('ServerCA');
  if (tls.nameError !== '') return broken('ServerName');
  if (expiryFinding(path, now)?.status === 'fail') return broken('ServerExpiry');
  return tls.chainError === '' ? { kind: 'proven' } : broken('ServerCA');
}
