import { type Command, Option } from 'commander';
import type { Spread } from '../lab/front/front.ts';
import type { LabFront } from '../lab/lab.ts';
import { ENGINE_NAMES, type EngineName } from '../wire/engine-name.ts';
import type { ProgramFlags } from './named-programs.ts';
import { commaSeparated, kubeApiserverOption, wholeNumber } from './option-values.ts';

/** The flags of `mvproxy lab`, parsed. */
export interface LabFlags extends ProgramFlags {
  readonly versions: readonly string[];
  readonly front: LabFront;
  readonly spread: Spread;
  readonly data?: string;
  readonly crdLag: readonly number[];
  readonly port: number;
  readonly kubeconfig?: string;
  readonly controllers: boolean;
  readonly http2Engine?: EngineName;
  readonly v: number;
}

const DEFAULT_VERSIONS: readonly string[] = ['1.34', '1.36', '1.37'];

export function addLabOptions(command: Command): void {
  command
    .addOption(
      new Option(
        '--versions <LIST>',
        'One server each: a shipped version (1.34, 1.36.3), or a directory that "lab record" wrote.',
      )
        .argParser(commaSeparated)
        .default(DEFAULT_VERSIONS, DEFAULT_VERSIONS.join(',')),
    )
    .addOption(
      new Option(
        '--front <WAY>',
        'What clients connect to: the proxy in front of all servers (gateway), a balancer before servers that each have the proxy built in (built-in), or a balancer alone (none).',
      )
        .choices(['gateway', 'built-in', 'none'])
        .default('gateway'),
    )
    .addOption(
      new Option('--spread <UNIT>', 'A balancer chooses a server at random for each of these.')
        .choices(['connection', 'request'])
        .default('connection'),
    )
    .addOption(new Option('--data <FILE>', 'Keep all objects in this file, over restarts. Default: in memory.'))
    .addOption(
      new Option(
        '--crd-lag <LIST>',
        'Milliseconds after which each server in turn notices new CustomResourceDefinitions; the last holds for the rest.',
      )
        .argParser((text: string) => commaSeparated(text).map(wholeNumber(0, 3_600_000)))
        .default([0], '0'),
    )
    .addOption(
      new Option('--port <PORT>', 'Port that clients connect to; 0 takes any.')
        .argParser(wholeNumber(0, 65_535))
        .default(0),
    )
    .addOption(new Option('--kubeconfig <FILE>', 'Where to write the kubeconfig. Default: a temporary file.'))
    .addOption(
      kubeApiserverOption(
        'Run this real kube-apiserver, with real etcd, instead of embedded servers. Give it once for each server.',
      ),
    )
    .addOption(
      new Option('--etcd <PATH>', 'The etcd of real kube-apiservers. Default: on PATH or in KUBEBUILDER_ASSETS.'),
    )
    .addOption(
      new Option('--http2-engine <ENGINE>', 'Which implementation of HTTP/2 the proxy speaks. Default: own.').choices(
        ENGINE_NAMES,
      ),
    )
    .addOption(new Option('--no-controllers', 'Run neither the garbage collector nor the namespace controller.'))
    .addOption(new Option('-v, --v <LEVEL>', 'Verbosity of the log.').argParser(wholeNumber(0, 10)).default(0))
    .addHelpText(
      'after',
      '\nExit codes: 0 ended as asked, 1 failed, 2 wrong usage, 3 could not bind or reach something.',
    );
}
