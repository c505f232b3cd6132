import { type Command, InvalidArgumentError, Option } from 'commander';
import { COLUMN_NAMES, type ColumnName } from '../lab/rehearsal/columns.ts';
import type { Wrong404 } from '../lab/rehearsal/result.ts';
import type { ProgramFlags } from './named-programs.ts';
import { commaSeparated, kubeApiserverOption, namedProgram, wholeNumber } from './option-values.ts';

/** The flags of `mvproxy lab rehearse`, parsed. */
export interface RehearseFlags extends ProgramFlags {
  readonly from: string;
  readonly to: string;
  /** Default: balancer, gateway and, with embedded servers, built-in. */
  readonly with?: readonly ColumnName[];
  readonly report?: string;
  readonly output: 'table' | 'json';
  readonly failOn: readonly ColumnName[];
  readonly seed?: number;
  readonly servers?: number;
  readonly wrong404?: Pick<Wrong404, 'group' | 'resource'>;
  readonly hold?: boolean;
  readonly adminPort?: number;
  readonly v: number;
}

const columns = (text: string): ColumnName[] =>
  commaSeparated(text).map((name) => {
    const known = COLUMN_NAMES.find((column) => column === name);
    if (known === undefined) throw new InvalidArgumentError(`"${name}" is none of ${COLUMN_NAMES.join(', ')}.`);
    return known;
  });

/** `devicetaintrules.resource.k8s.io`, `pods` */
const groupResource = (text: string): Pick<Wrong404, 'group' | 'resource'> => {
  const [, resource, group = ''] = /^([a-z0-9-]+)(?:\.([a-z0-9.-]+))?$/.exec(text) ?? [];
  if (resource === undefined) throw new InvalidArgumentError('It must be like devicetaintrules.resource.k8s.io.');
  return { group, resource };
};

export function addRehearseOptions(command: Command): void {
  command
    .addOption(new Option('--from <VERSION>', 'What the servers run before the upgrade.').default('1.34'))
    .addOption(new Option('--to <VERSION>', 'What they run after it.').default('1.37'))
    .addOption(
      new Option(
        '--with <LIST>',
        `Ways to front the servers, compared column by column, of ${COLUMN_NAMES.join(', ')} (default balancer,gateway,built-in; without built-in for real servers).`,
      ).argParser(columns),
    )
    .addOption(new Option('--report <DIR>', 'Write report.html and report.json into this directory.'))
    .addOption(
      new Option('-o, --output <FORM>', 'What to print at the end.').choices(['table', 'json']).default('table'),
    )
    .addOption(
      new Option('--fail-on <LIST>', 'Exit with 1 when one of these columns did harm.')
        .argParser(columns)
        .default([], 'never'),
    )
    .addOption(
      new Option('--seed <NUMBER>', 'Repeat the random choices of an earlier rehearsal.').argParser(
        wholeNumber(0, 2 ** 32 - 1),
      ),
    )
    .addOption(
      new Option('--servers <COUNT>', 'How many servers are upgraded (default 3).').argParser(wholeNumber(2, 9)),
    )
    .addOption(
      kubeApiserverOption(
        'Use this real kube-apiserver, with real etcd, for that version. Give it once for each version.',
      ),
    )
    .addOption(
      new Option(
        '--kube-controller-manager <VERSION=PATH>',
        'Run this real kube-controller-manager against the real servers. Default: controllers of the lab that judge as it does.',
      ).argParser(namedProgram),
    )
    .addOption(
      new Option('--etcd <PATH>', 'The etcd of real kube-apiservers. Default: on PATH or in KUBEBUILDER_ASSETS.'),
    )
    .addOption(
      new Option(
        '--wrong-404 <TYPE>',
        'Let the first upgraded server deny this type, which it lists, while a client asks for it: RESOURCE.GROUP.',
      ).argParser(groupResource),
    )
    .addOption(new Option('--hold', 'Stay at the wrong 404 until Ctrl-C, so that there is time to look for it.'))
    .addOption(
      new Option('--admin-port <PORT>', "Port of the gateway's admin listener (default: any that is free).").argParser(
        wholeNumber(0, 65_535),
      ),
    )
    .addOption(new Option('-v, --v <LEVEL>', 'Verbosity of the log.').argParser(wholeNumber(0, 10)).default(0))
    .addHelpText(
      'after',
      '\nExit codes: 0 fine, 1 failed, or harm was done (see --fail-on), 2 wrong usage, 3 could not bind or reach something.',
    );
}
