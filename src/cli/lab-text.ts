import type { Lab, LabFront } from '../lab/lab.ts';
import { FRONT_CONTEXT } from '../lab/lab.ts';
import type { SkewedResource } from '../lab/skewed-resource.ts';
import { textTable } from './text-table.ts';

const FRONTS: Readonly<Record<LabFront, string>> = {
  gateway: 'the mixed version proxy in front of all servers',
  'built-in': 'a balancer before servers that each have the mixed version proxy built in',
  none: 'a plain balancer, which knows nothing of versions',
};

export interface LabText {
  readonly lab: Lab;
  readonly front: LabFront;
  readonly skewed: SkewedResource | undefined;
  readonly milliseconds: number;
  /** What to type for this program. */
  readonly command: string;
}

/** What is printed once a lab is up: where it is, what is worth trying, and what to look at. */
export function labText({ lab, front, skewed, milliseconds, command }: LabText): string {
  const { plane, url, adminUrl, kubeconfig } = lab;
  const kind = plane.kind === 'embedded' ? 'embedded API servers' : 'kube-apiservers';
  const endpoints = textTable([
    ['CONTEXT', 'ADDRESS', 'WHAT'],
    [FRONT_CONTEXT, url, FRONTS[front]],
    ...plane.servers.map(({ name, url: address, version }) => [name, address, `Kubernetes ${version}`]),
  ]);
  const ofVersions =
    new Set(plane.servers.map(({ version }) => version)).size === 1 ? 'one version' : 'different versions';
  return [
    `The lab is up after ${(milliseconds / 1000).toFixed(1)} s: ${plane.servers.length} ${kind} of ${ofVersions} with one store.`,
    '',
    ...endpoints.map((line) => `  ${line}`),
    '',
    'Worth trying in another terminal:',
    `  export KUBECONFIG=${shellWord(kubeconfig)}`,
    ...adviceLines(commands(skewed)),
    ...(adminUrl === undefined ? [] : adviceLines([verification(skewed, adminUrl, command)])),
    '',
    'Ctrl-C ends it.',
    '',
  ].join('\n');
}

type Advice = readonly [command: string, comment: string];

function adviceLines(advice: readonly Advice[]): string[] {
  return textTable(advice.map(([command, comment]) => [`  ${command}`, `# ${comment}`]));
}

/** Five commands and what to look at. */
function commands(skewed: SkewedResource | undefined): readonly Advice[] {
  const namespace: Advice = [
    'kubectl create namespace demo',
    'whichever server takes it, the others have it: they share one store',
  ];
  const whoAmI: Advice = [
    `kubectl --context ${FRONT_CONTEXT}-jane auth whoami`,
    'user and groups reach the servers unchanged',
  ];
  if (skewed === undefined) {
    return [
      ['kubectl api-resources', 'the servers serve the same types'],
      ['kubectl version', 'the version of the server that answers'],
      ['kubectl get --raw /apis', 'one list of all groups'],
      namespace,
      whoAmI,
    ];
  }
  const { group, version, resource, servedBy, missingOn } = skewed;
  const type = `${resource}.${version}.${group}`;
  return [
    [`kubectl get ${type}`, `only ${servedBy.join(' and ')} ${servedBy.length === 1 ? 'serves' : 'serve'} it`],
    [
      `kubectl --context ${missingOn[0] ?? ''} get ${type}`,
      'what clients get who happen to reach a server that does not',
    ],
    [`kubectl api-resources --api-group=${group}`, 'one list for all servers, always the same'],
    namespace,
    whoAmI,
  ];
}

function verification(skewed: SkewedResource | undefined, adminUrl: string, command: string): Advice {
  const type = skewed === undefined ? 'apps/v1' : `${skewed.group}/${skewed.version}/${skewed.resource}`;
  return [
    `${command} verify ${type} --admin-server ${adminUrl}`,
    'who serves it, and which shape of discovery says so',
  ];
}

function shellWord(text: string): string {
  return /^[\w./@%+,:=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
