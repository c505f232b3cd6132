import { certificatesOf, issuedBy } from '../certificate-chain.ts';
import { type Check, eachServerWithTls, finding, pass } from '../check.ts';
import { expiryDay, expiryFinding } from '../expiry.ts';

export const serverExpiry: Check = {
  code: 'ServerExpiry',
  run: (setting) =>
    eachServerWithTls(setting, (server, tls) => {
      const { name } = server;
      const path = issuedBy(tls.chain, certificatesOf(setting.trust.ca ?? ''), setting.now()) ?? tls.chain;
      const found = expiryFinding(path, setting.now());
      if (found === undefined) return pass(`Valid until ${expiryDay(path)}.`, name);
      const consequence = found.status === 'fail' ? '; nobody who verifies it connects' : '';
      return found.certificate === path[0]
        ? finding(
            found.status,
            `Its certificate ${found.text}${consequence}.`,
            'Renew its --tls-cert-file (on kubeadm: kubeadm certs renew apiserver), and restart it.',
            name,
          )
        : finding(
            found.status,
            `An authority above its certificate ${found.text}${consequence}.`,
            'Rotate that CA, and issue anew what it signed: a certificate that it signs (kubeadm certs renew) does not outlive it. Put its successor into --peer-ca-file beside it.',
            name,
          );
    }),
};
