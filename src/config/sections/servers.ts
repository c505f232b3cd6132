import { z } from 'zod';
import { dnsName, field, serverUrl, text } from '../field.ts';

const server = z.strictObject({
  name: field(dnsName(), {
    description: 'Unique name of the server in metrics, logs and answers. Node names or versions make good names.',
  }),
  url: field(serverUrl(), {
    description:
      'Address of the server: https, host and port. Name one kube-apiserver, never a load balancer in front of several.',
  }),
  serverName: field(dnsName().optional(), {
    description: "Name that this server's certificate must contain, where it differs from peers.serverName.",
  }),
});

export const servers = field(z.array(server).default([]), {
  title: 'Servers',
  flag: 'server',
  argument: 'NAME=URL',
  reload: true,
  description:
    'The API servers behind the proxy, one flag for each. List every server of the control plane, also those that are down at times, or let the others be found (membership). The flags replace the whole list of the file.',
});

export const localServer = field(serverUrl().optional(), {
  title: 'Servers',
  flag: 'local-server',
  argument: 'URL',
  reload: true,
  description:
    'The server this proxy belongs to, in sidecar topology. Requests then leave the node only when this server does not serve their resource. Leave it out to balance over all servers. If its URL also stands in the list, it has the name given there, otherwise the name `local`.',
});

export const kubeconfig = field(text().optional(), {
  title: 'Servers',
  flag: 'kubeconfig',
  argument: 'FILE',
  filePath: true,
  description:
    "Credentials for the proxy's own health checks and discovery when no proxy client certificate is given. Only the user and the CA of its current context are used; its server address is asked who the servers are if neither a server nor a DNS name is configured, and gets no request of a client. Credential plug-ins are refused: a daemon cannot log in interactively.",
});

export const peers = field(
  z
    .strictObject({
      caFile: field(text().optional(), {
        flag: 'peer-ca-file',
        argument: 'FILE',
        filePath: true,
        description:
          "CA bundle, PEM, that signs the servers' serving certificates. Without it the proxy runs with the server-local view only and forwards nothing to a peer, because it could not tell a server from an impostor.",
      }),
      proxyClientCertFile: field(text().optional(), {
        flag: 'proxy-client-cert-file',
        argument: 'FILE',
        filePath: true,
        description:
          "Client certificate, PEM, with which the proxy asserts users' identities to the servers. It must be signed by the servers' --requestheader-client-ca-file and have a common name among their --requestheader-allowed-names. Without it the proxy runs with the server-local view only.",
      }),
      proxyClientKeyFile: field(text().optional(), {
        flag: 'proxy-client-key-file',
        argument: 'FILE',
        filePath: true,
        description: 'Private key of the proxy client certificate, PEM, not encrypted.',
      }),
      serverName: field(dnsName().default('kubernetes.default.svc'), {
        flag: 'server-tls-name',
        argument: 'NAME',
        reload: true,
        description:
          "Name that the servers' certificates must contain, also sent as SNI. The default is in every kube-apiserver's certificate; change it for other servers, or for one of them in the list of servers.",
      }),
    })
    .prefault({}),
  { title: 'Peers', description: 'What proves the servers to the proxy, and the proxy to the servers.' },
);
