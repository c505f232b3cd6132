import { z } from 'zod';
import { dnsName, etcdUrl, field, ipAddress, port, text } from '../field.ts';

export const publishing = field(
  z
    .strictObject({
      etcdServers: field(z.array(etcdUrl()).default([]), {
        flag: 'etcd-servers',
        argument: 'URLS',
        description:
          "Client URLs of the control plane's etcd; what turns publishing on. Give the same as the kube-apiservers have. Leave it out unless API servers from 1.36 on have their own mixed version proxy on and are to send requests to this proxy.",
      }),
      etcdCaFile: field(text().optional(), {
        flag: 'etcd-cafile',
        argument: 'FILE',
        filePath: true,
        description: 'CA bundle, PEM, that signs the certificates of etcd. Required for https.',
      }),
      etcdCertFile: field(text().optional(), {
        flag: 'etcd-certfile',
        argument: 'FILE',
        filePath: true,
        description:
          'Client certificate, PEM, for etcd. A certificate of its own, with an etcd role for the prefix peerserverleases alone, is enough where etcd has roles.',
      }),
      etcdKeyFile: field(text().optional(), {
        flag: 'etcd-keyfile',
        argument: 'FILE',
        filePath: true,
        description: 'Private key of the client certificate for etcd, PEM, not encrypted.',
      }),
      etcdPrefix: field(
        z
          .string()
          .regex(/^\/[!-~]*$/, 'must begin with / and contain no spaces')
          .default('/registry'),
        {
          flag: 'etcd-prefix',
          argument: 'PREFIX',
          description: 'Prefix of all keys in etcd. Change it if the kube-apiservers have another one.',
        },
      ),
      advertiseIP: field(ipAddress().optional(), {
        flag: 'peer-advertise-ip',
        argument: 'IP',
        description: 'Address under which the other API servers reach this proxy. Required for publishing.',
      }),
      advertisePort: field(port(1).optional(), {
        flag: 'peer-advertise-port',
        argument: 'PORT',
        description: 'Port under which the other API servers reach this proxy. By default the one it serves on.',
      }),
      identity: field(z.enum(['server', 'proxy']).default('server'), {
        flag: 'publish-identity',
        argument: 'server|proxy',
        description:
          'Under whose identity the address is published. `server`: that of the API server behind this proxy, which has an identity Lease (kube-apiserver from 1.26) and no mixed version proxy of its own. `proxy`: one that the proxy keeps itself, for a server that has no such Lease.',
      }),
      leaseName: field(dnsName().optional(), {
        flag: 'publish-lease-name',
        argument: 'NAME',
        description:
          'Name of the identity Lease in kube-system. By default what follows from the host name of this machine, which a kube-apiserver on the same machine has as well; give it where the proxy runs on another one, or in a pod with a host name of its own.',
      }),
    })
    .prefault({}),
  {
    title: 'Publishing',
    description:
      'Lets API servers that have their own mixed version proxy on (Kubernetes 1.36 and later) send requests to this proxy.',
  },
);
