import type { X509Certificate } from 'node:crypto';
import { certificatesOf, commonName, issuerText } from '../certificate-chain.ts';
import { blocked, type Check, eachServer, type Finding, finding, listedBriefly, pass } from '../check.ts';
import { commonNameIn, issuerName } from '../distinguished-names.ts';
import { expiryFinding } from '../expiry.ts';
import type { ServerProbe } from '../server-probe.ts';

/** Asks each server whom it takes us for, when we say over the front-proxy certificate who we are. */
export const frontProxyTrust: Check = {
  code: 'FrontProxyTrust',
  run: (setting) =>
    eachServer(setting, async (server) => {
      const { name, expectedUser } = server;
      const { frontProxy } = setting.trust;
      if (frontProxy === undefined || expectedUser === undefined) {
        return finding(
          'unknown',
          'Not proved: there is no front-proxy certificate that could vouch for anybody.',
          'Give --proxy-client-cert-file and --proxy-client-key-file to mvproxy serve.',
          name,
        );
      }
      const read = await server.acceptance();
      if (read.kind === 'blocked') return blocked(read.by, server);
      if (read.kind === 'failed' || read.value.kind === 'unanswered') return blocked('ServerReady', server);
      const chain = certificatesOf(frontProxy.cert);
      switch (read.value.kind) {
        case 'somebody':
          return pass('It believes the front-proxy certificate; being older than 1.26, it does not say in whom.', name);
        case 'as':
          return read.value.user === expectedUser
            ? believed(name, expectedUser, read.value.disbelieved)
            : takenForAnother(name, read.value.user, chain);
        case 'refused':
          if (expiryFinding(chain, setting.now())?.status === 'fail') return blocked('OwnCertificates', server);
          return read.value.status === 401
            ? refused(server, chain)
            : finding(
                'fail',
                `It answered ${read.value.status} when it was asked whom it takes the proxy for: ${read.value.message}`,
                'See the log of the server for that moment.',
                name,
              );
      }
    }),
};

function believed(name: string, user: string, disbelieved: readonly ('groups' | 'extra')[]): Finding {
  if (disbelieved.includes('groups')) {
    return finding(
      'fail',
      'It believes X-Remote-User and not X-Remote-Group: clients with certificates lose their groups, and with them what they may do.',
      'Start it with --requestheader-group-headers=X-Remote-Group.',
      name,
    );
  }
  if (disbelieved.includes('extra')) {
    return finding(
      'warn',
      'It believes X-Remote-User and X-Remote-Group, and not X-Remote-Extra-*: what else is known of a client, such as which certificate it has, is missing in audit logs.',
      'Start it with --requestheader-extra-headers-prefix=X-Remote-Extra-.',
      name,
    );
  }
  return pass(`It believes X-Remote-User over the front-proxy certificate (asked as ${user}).`, name);
}

function takenForAnother(name: string, user: string, [leaf]: readonly X509Certificate[]): Finding {
  const own = leaf === undefined ? '' : commonName(leaf);
  const isCertificate = user !== '' && user === own;
  const why = isCertificate
    ? `it takes the certificate for a client's own, because its --client-ca-file issued it and its --requestheader-client-ca-file did not`
    : 'it does not look at X-Remote-User, for want of --requestheader-client-ca-file or --requestheader-username-headers=X-Remote-User';
  return finding(
    'fail',
    `It takes whoever the proxy vouches for as ${user || 'nobody'}: ${why}. Requests of clients with certificates would run as that user.`,
    isCertificate
      ? 'Use a certificate of its --requestheader-client-ca-file for --proxy-client-cert-file; on kubeadm that is /etc/kubernetes/pki/front-proxy-client.crt.'
      : 'Start it with --requestheader-client-ca-file, --requestheader-username-headers=X-Remote-User, --requestheader-group-headers=X-Remote-Group and --requestheader-extra-headers-prefix=X-Remote-Extra-.',
    name,
  );
}

/** The server says 401 and not why. Whom it asks for certificates of tells one cause from the other. */
async function refused(server: ServerProbe, chain: readonly X509Certificate[]): Promise<Finding> {
  const { name } = server;
  const [leaf] = chain;
  const by = leaf === undefined ? 'nobody' : issuerText(leaf);
  const own = leaf === undefined ? '' : commonName(leaf);
  const asked = await server.clientIssuers();
  const issuers = chain.map(issuerName);
  const isTaken = asked?.some((issuer) => issuers.some((ours) => ours?.equals(issuer) === true));
  const useOne =
    'Issue --proxy-client-cert-file by the CA in its --requestheader-client-ca-file (on kubeadm use /etc/kubernetes/pki/front-proxy-client.crt), or add the CA of ours to that file.';
  const allowName = `Add ${own || 'the common name'} to its --requestheader-allowed-names and restart it, or use a certificate whose common name is there.`;
  if (isTaken === true) {
    return finding(
      'fail',
      `It refuses the front-proxy certificate (401) although it takes those of its CA: the common name ${own || '(none)'} is not in its --requestheader-allowed-names.`,
      allowName,
      name,
    );
  }
  if (isTaken === false) {
    const names = listedBriefly((asked ?? []).map((issuer) => commonNameIn(issuer) || 'a CA without common name'));
    return finding(
      'fail',
      `It refuses the front-proxy certificate (401), which was issued by ${by}; it takes those of ${names}.`,
      useOne,
      name,
    );
  }
  return finding(
    'fail',
    `It refuses the front-proxy certificate (401): the CA (${by}) is not in its --requestheader-client-ca-file, or the common name ${own || '(none)'} not in its --requestheader-allowed-names.`,
    `${useOne} ${allowName}`,
    name,
  );
}
