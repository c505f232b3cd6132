import { stringify } from 'yaml';

/** Who a context acts as. */
export type KubeconfigUser =
  | { readonly kind: 'certificate'; readonly cert: string; readonly key: string }
  | { readonly kind: 'token'; readonly token: string };

export interface KubeconfigContext {
  readonly name: string;
  /** `https://host:port` */
  readonly server: string;
  /** PEM of the authority that signed the server's certificate. */
  readonly ca: string;
  /** Name of one of the users. */
  readonly user: string;
}

/** The text of a kubeconfig; the first context is the current one. Certificates are embedded, so that the file works from anywhere. */
export function labKubeconfig(
  contexts: readonly KubeconfigContext[],
  users: Readonly<Record<string, KubeconfigUser>>,
): string {
  return stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': contexts[0]?.name ?? '',
      clusters: contexts.map(({ name, server, ca }) => ({
        name,
        cluster: { server, 'certificate-authority-data': base64(ca) },
      })),
      users: Object.entries(users).map(([name, user]) => ({ name, user: credentials(user) })),
      contexts: contexts.map(({ name, user }) => ({ name, context: { cluster: name, user } })),
    },
    { lineWidth: 0 },
  );
}

/** The text of a kubeconfig with one context. */
export function singleKubeconfig(server: string, ca: string, user: KubeconfigUser): string {
  return labKubeconfig([{ name: 'default', server, ca, user: 'default' }], { default: user });
}

function credentials(user: KubeconfigUser): Readonly<Record<string, string>> {
  if (user.kind === 'token') return { token: user.token };
  return { 'client-certificate-data': base64(user.cert), 'client-key-data': base64(user.key) };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
