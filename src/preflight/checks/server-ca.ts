import { certificatesOf, issuedBy, issuerText, subjectText } from '../certificate-chain.ts';
import { blocked, type Check, eachServerWithTls, finding, listedBriefly, pass } from '../check.ts';

export const serverCa: Check = {
  code: 'ServerCA',
  run: (setting) =>
    eachServerWithTls(setting, (server, tls) => {
      const { name } = server;
      const { ca } = setting.trust;
      if (ca === undefined) return blocked('MergedView', server);
      const authorities = certificatesOf(ca);
      const path = issuedBy(tls.chain, authorities, setting.now());
      const [leaf] = tls.chain;
      if (path === undefined || leaf === undefined) {
        const known = listedBriefly([...new Set(authorities.map(subjectText))]);
        const by = leaf === undefined ? 'nobody' : issuerText(leaf);
        const text = `Its certificate was issued by ${by}; --peer-ca-file has ${known}, which did not sign it. Nothing is sent to a server that nobody vouches for.`;
        return finding(
          'fail',
          text,
          'Add the CA that signed its --tls-cert-file to --peer-ca-file, on kubeadm /etc/kubernetes/pki/ca.crt of its cluster.',
          name,
        );
      }
      // Expiry is a check of its own, and OpenSSL has the last word on everything else.
      if (tls.chainError !== '' && !/EXPIRED|NOT_YET_VALID/.test(tls.chainError)) {
        return finding(
          'fail',
          `Its certificate is not accepted (${tls.chainError}).`,
          'Issue its --tls-cert-file anew, for use by a server.',
          name,
        );
      }
      return pass(`Issued by ${subjectText(path.at(-1) ?? leaf)} of --peer-ca-file.`, name);
    }),
};
