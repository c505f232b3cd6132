import type { X509Certificate } from 'node:crypto';
import { certificatesOf } from '../certificate-chain.ts';
import { type Check, type Finding, finding, listed, pass } from '../check.ts';
import { expiryDay, expiryFinding } from '../expiry.ts';
import type { OwnCertificate } from '../preflight-setting.ts';

/** RFC 5280 section 4.2.1.12. */
const USES = {
  server: { oid: '1.3.6.1.5.5.7.3.1', name: 'serverAuth' },
  client: { oid: '1.3.6.1.5.5.7.3.2', name: 'clientAuth' },
} as const;
/** Of what kubeadm makes, by the flag that it is used with. */
const KUBEADM_NAMES: Readonly<Record<string, string>> = {
  '--tls-cert-file': 'apiserver',
  '--proxy-client-cert-file': 'front-proxy-client',
  '--etcd-certfile': 'apiserver-etcd-client',
};
const ANY_USE = '2.5.29.37.0';

const UNKNOWN_CLIENTS = finding(
  'warn',
  'There is no client CA: clients with certificates, as kubelet, kube-controller-manager and most people have, get 401.',
  'Give --client-ca-file (on kubeadm: /etc/kubernetes/pki/ca.crt), unless every client has a token.',
);

export const ownCertificates: Check = {
  code: 'OwnCertificates',
  async run({ certificates, knowsClients, now }) {
    const findings = certificates.flatMap((certificate) => judge(certificate, now()));
    if (!knowsClients) findings.push(UNKNOWN_CLIENTS);
    if (findings.length > 0 || certificates.length === 0) return findings;
    const days = certificates.map(({ pem, use }) => lastDay(certificatesOf(pem), use)).sort();
    return [pass(`Our ${listed(certificates.map(({ what }) => what))} are valid; the first expires on ${days[0]}.`)];
  },
};

function judge({ what, flag, pem, use }: OwnCertificate, now: number): Finding[] {
  const all = certificatesOf(pem);
  const [leaf] = all;
  if (leaf === undefined) return [];
  // Of a bundle any one may do the work of another.
  const expiry = use === 'authority' ? bundleExpiry(all, now) : expiryFinding(all, now);
  const found: Finding[] = [];
  if (expiry !== undefined) {
    const consequence = expiry.status === 'fail' ? 'connections that rely on it fail' : 'renew it before that';
    found.push(finding(expiry.status, `Our ${what} ${expiry.text}: ${consequence}.`, renewal(flag)));
  }
  if (use !== 'authority' && !allows(leaf, use)) {
    const { name } = USES[use];
    found.push(
      finding(
        'fail',
        `Our ${what} may not be used by a ${use}: its extended key usage lacks ${name}.`,
        `Issue the certificate of ${flag} with ${name}.`,
      ),
    );
  }
  return found;
}

/** The day until which it does its work: of a bundle any one may do the work of another. */
function lastDay(certificates: readonly X509Certificate[], use: OwnCertificate['use']): string {
  if (use !== 'authority') return expiryDay(certificates);
  return (
    certificates
      .map((certificate) => expiryDay([certificate]))
      .sort()
      .at(-1) ?? ''
  );
}

function renewal(flag: string): string {
  const kubeadm = KUBEADM_NAMES[flag];
  return `Renew the file of ${flag}${kubeadm === undefined ? '' : ` (on kubeadm: kubeadm certs renew ${kubeadm})`}.`;
}

function bundleExpiry(certificates: readonly X509Certificate[], now: number) {
  const expiries = certificates.map((certificate) => expiryFinding([certificate], now));
  return expiries.every((each) => each !== undefined) ? expiries[0] : undefined;
}

/** Without the extension every use is allowed. */
function allows({ keyUsage }: X509Certificate, use: 'server' | 'client'): boolean {
  return (
    keyUsage === undefined || keyUsage.length === 0 || keyUsage.some((oid) => oid === USES[use].oid || oid === ANY_USE)
  );
}
