import { certificatesOf, issuedBy } from '../certificate-chain.ts';
import { type Check, eachServerWithTls, finding, pass } from '../check.ts';
import { expiryDay, expiryFinding } from '../expiry.ts';

export const serverExpiry: Check = {
  code: 'ServerExpiry',
  run: (setting) =>
    eachServerWithTls(setting, (server, tls) => {
      const { name } = server;
      const path = issuedBy(tls.chain, certificatesOf(setting.trust.ca ?? '')) ?? tls.chain;
      const found = expiryFinding(path, setting.now());
      if (found === undefined) return pass(`Valid until ${expiryDay(path)}.`, name);
      const text = `Its certificate ${found.text}${found.status === 'fail' ? '; nobody who verifies it connects' : ''}.`;
      return finding(
        found.status,
        text,
        'Renew its --tls-cert-file (on kubeadm: kubeadm certs renew apiserver), and restart it.',
        name,
      );
    }),
};
