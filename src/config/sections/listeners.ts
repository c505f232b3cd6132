import { z } from 'zod';
import { field, ipAddress, port, text } from '../field.ts';

export const serving = field(
  z
    .strictObject({
      bindAddress: field(ipAddress().default('0.0.0.0'), {
        flag: 'bind-address',
        argument: 'IP',
        description:
          'IP address on which clients are served. Use 127.0.0.1 when only components of the same node may connect, or :: for IPv6 and IPv4.',
      }),
      securePort: field(port(0).default(6443), {
        flag: 'secure-port',
        argument: 'PORT',
        description:
          'Port on which clients are served over HTTPS. On a node whose kube-apiserver already has 6443, give one of the two another port. 0 takes any free port and prints it.',
      }),
      tlsCertFile: field(text().optional(), {
        flag: 'tls-cert-file',
        argument: 'FILE',
        filePath: true,
        description:
          'Certificate shown to clients, PEM, with its intermediate certificates after it. Required by `serve`. It must contain every name and address under which clients reach the proxy, and `kubernetes.default.svc` if other API servers are to use it as a peer.',
      }),
      tlsPrivateKeyFile: field(text().optional(), {
        flag: 'tls-private-key-file',
        argument: 'FILE',
        filePath: true,
        description: 'Private key of the certificate shown to clients, PEM, not encrypted. Required by `serve`.',
      }),
      workers: field(z.int().min(0).max(64).default(0), {
        flag: 'workers',
        argument: 'COUNT',
        description:
          'Worker processes that share the port; with 0 the proxy is one process. From 1 on a supervisor holds the port and starts that many workers, replaces one that dies, and on SIGUSR2 replaces them one after the other without refusing a connection. Each worker watches the servers by itself, so give no more than there are processors to spare; their admin listeners have one port each, from the admin port on.',
      }),
    })
    .prefault({}),
  { title: 'Serving', description: 'The address that clients of the Kubernetes API connect to.' },
);

export const admin = field(
  z
    .strictObject({
      enabled: field(z.boolean().default(true), {
        flag: 'admin-enabled',
        description:
          'Whether the admin listener runs. Turn it off where nothing scrapes metrics or probes the proxy from its own node.',
      }),
      bindAddress: field(ipAddress().default('127.0.0.1'), {
        flag: 'admin-bind-address',
        argument: 'IP',
        description:
          'IP address of the admin listener. On loopback it speaks plain HTTP and asks nobody who he is; any other address needs --admin-client-ca-file.',
      }),
      port: field(port(0).default(6444), {
        flag: 'admin-port',
        argument: 'PORT',
        description: 'Port of the admin listener. 0 takes any free port and prints it.',
      }),
      clientCAFile: field(text().optional(), {
        flag: 'admin-client-ca-file',
        argument: 'FILE',
        filePath: true,
        description:
          'CA bundle, PEM, that signs the certificates of those who may read the admin listener. With it the listener speaks HTTPS with the serving certificate and answers nobody else but on /livez, /readyz and /healthz. Required where the listener is not on loopback, for example for Prometheus on another machine. Better a CA of its own than the one of the cluster, which signs kubelets too.',
      }),
      allowedNames: field(z.array(text()).default([]), {
        flag: 'admin-allowed-names',
        argument: 'NAMES',
        reload: true,
        description:
          'Common names of the certificates that may read the admin listener. Empty: every certificate of its CA. Give names where the CA signs others, too.',
      }),
      console: field(z.boolean().default(true), {
        flag: 'admin-console',
        description:
          'Whether the admin listener serves the web console at /console/. Without it the same facts are still there as JSON.',
      }),
    })
    .prefault({}),
  {
    title: 'Admin listener',
    description:
      'Metrics, health checks, status and the web console: plain HTTP for the same machine, or HTTPS for whoever has a certificate.',
  },
);
