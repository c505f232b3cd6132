/** Who a kubeconfig acts as. */
export type KubeconfigUser =
  | { readonly name: string; readonly cert: string; readonly key: string }
  | { readonly name: string; readonly token: string };

/**
 * The text of a kubeconfig with one context. Certificates are embedded, so that the file works from any directory.
 *
 * @param server URL of a kube-apiserver or of the proxy
 * @param ca PEM of the authority that signed the server's certificate
 */
export function kubeconfigText(server: string, ca: string, user: KubeconfigUser): string {
  const credentials =
    'token' in user
      ? [`    token: ${JSON.stringify(user.token)}`]
      : [`    client-certificate-data: ${base64(user.cert)}`, `    client-key-data: ${base64(user.key)}`];
  return `${[
    'apiVersion: v1',
    'kind: Config',
    'current-context: default',
    'clusters:',
    '- name: default',
    '  cluster:',
    `    server: ${JSON.stringify(server)}`,
    `    certificate-authority-data: ${base64(ca)}`,
    'users:',
    `- name: ${JSON.stringify(user.name)}`,
    '  user:',
    ...credentials,
    'contexts:',
    '- name: default',
    '  context:',
    '    cluster: default',
    `    user: ${JSON.stringify(user.name)}`,
  ].join('\n')}\n`;
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
