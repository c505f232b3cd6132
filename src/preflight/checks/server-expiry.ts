import { certificatesOf, issuedBy } from '../certificate-chain.ts';
import { blocked, type Check, eachServer, finding, pass } from '../check.ts';
import { expiryDay, expiryFinding } from '../expiry.ts';

export const serverExpiry: Check = {
  code: 'ServerExpiry',
  run: (setting) =>
    eachServer(setting, async (server) => {
      const tls = await server.tls();
      const { name } = server;
      if (tls.kind === 'unreachable') return blocked('ServerReachable', server);
      if (tls.kind === 'no-tls') return blocked('ServerTLS', server);
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
