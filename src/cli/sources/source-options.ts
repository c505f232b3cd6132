import { type Command, Option } from 'commander';
import { ADMIN_ACCESS_OPTIONS } from '../admin-options.ts';
import { commaSeparated } from '../option-values.ts';

/** Where a command that only reads has its facts from, parsed. Neither context nor recorded: from a running proxy. */
export interface SourceFlags {
  readonly context?: readonly string[] | undefined;
  /** Of the contexts. Default: those of $KUBECONFIG together, else ~/.kube/config. */
  readonly kubeconfig?: string | undefined;
  /** Shipped releases, or directories that `lab record` wrote. */
  readonly recorded?: readonly string[] | undefined;
}

/** Beside `--admin-server`, which none of these goes with. */
export function addSourceOptions(command: Command): void {
  command
    .addOption(
      new Option('--context <NAMES>', 'Instead of a proxy ask the API servers of these contexts, separated by commas.')
        .argParser(moreNames)
        .conflicts([...ADMIN_ACCESS_OPTIONS]),
    )
    .addOption(
      new Option(
        '--kubeconfig <FILE>',
        'Where the contexts are. Default: those of $KUBECONFIG together, else ~/.kube/config.',
      ).conflicts([...ADMIN_ACCESS_OPTIONS]),
    )
    .addOption(
      new Option(
        '--recorded <LIST>',
        'Instead of, or beside, contexts take recorded documents: shipped releases (1.34, 1.36.3) or directories that "lab record" wrote.',
      )
        .argParser(moreNames)
        .conflicts([...ADMIN_ACCESS_OPTIONS]),
    );
}

function moreNames(text: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, ...commaSeparated(text)];
}
