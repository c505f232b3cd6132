import type { SkewedResource } from '../../src/lab/skewed-resource.ts';

export interface Endpoint {
  readonly name: string;
  /** What the endpoint is, such as "kube-apiserver 1.34.4". */
  readonly title: string;
  readonly url: string;
  /** Names of the kubeconfig files in the work directory. */
  readonly admin: string;
  readonly jane: string;
}

export interface Instructions {
  readonly directory: string;
  readonly kubectl: string;
  readonly servers: readonly Endpoint[];
  readonly proxy?: Endpoint & { readonly adminUrl: string };
  readonly skewed?: SkewedResource | undefined;
}

/** What to print once a control plane is up: addresses, kubeconfigs and five commands worth trying. */
export function instructionsText({ directory, kubectl, servers, proxy, skewed }: Instructions): string {
  const endpoints = [...(proxy === undefined ? [] : [proxy]), ...servers];
  const rows = endpoints.flatMap((endpoint) => [
    `  ${endpoint.name} (${endpoint.title}) at ${endpoint.url}`,
    `    kubeconfigs: $dir/${endpoint.admin} (system:masters), $dir/${endpoint.jane} (user jane, may read)`,
  ]);
  return [
    'The control plane is up:',
    ...rows,
    ...(proxy === undefined ? [] : [`  admin listener of the proxy at ${proxy.adminUrl}`]),
    '',
    'Worth trying in another terminal:',
    `  dir=${shellWord(directory)}`,
    `  kubectl=${shellWord(kubectl)}`,
    '  export KUBECACHEDIR="$dir/kubectl-cache"',
    ...commands(servers, proxy, skewed).flatMap(([comment, file, args]) => [
      `  # ${comment}`,
      `  "$kubectl" --kubeconfig "$dir/${file}" ${args}`,
    ]),
    '',
    'Logs are in $dir/logs. Ctrl-C ends everything.',
    '',
  ].join('\n');
}

/** Comment, kubeconfig file and arguments of kubectl. */
function commands(
  servers: readonly Endpoint[],
  proxy: Endpoint | undefined,
  skewed: SkewedResource | undefined,
): (readonly [comment: string, file: string, args: string])[] {
  const capable = servers.find(({ name }) => skewed?.servedBy.includes(name)) ?? servers[0];
  const incapable = servers.find(({ name }) => skewed?.missingOn.includes(name));
  const through = proxy ?? capable;
  if (through === undefined) return [];
  if (skewed === undefined || incapable === undefined) {
    return [
      ['the servers serve the same types; every answer is the same', through.admin, 'api-resources'],
      ['the server version', through.admin, 'version'],
      ['who the server thinks you are', through.jane, 'auth whoami'],
      ['what jane may do', through.jane, 'auth can-i --list'],
      ['system objects', through.admin, 'get clusterroles'],
    ];
  }
  const { group, version, resource } = skewed;
  const type = `${resource}.${version}.${group}`;
  return [
    [`served by ${skewed.servedBy.join(', ')} only`, through.admin, `get ${type}`],
    [`${incapable.name} itself does not know it`, incapable.admin, `get ${type}`],
    ['in the list of types', through.admin, `api-resources --api-group=${group}`],
    ['with its schema', through.admin, `explain ${resource} --api-version=${group}/${version}`],
    ['as an ordinary user, who keeps her name and groups', through.jane, 'auth whoami'],
  ];
}

function shellWord(text: string): string {
  return /^[\w./@%+,:=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
