import { type Command, Option } from 'commander';
import { wholeNumber } from './option-values.ts';
import type { ServerAccessFlags } from './server-access.ts';

/** The flags of `mvproxy lab record`, parsed. */
export interface RecordFlags extends ServerAccessFlags {
  /** Directory to write. Default: `recording-VERSION` in the working directory. */
  readonly to?: string | undefined;
  /** Seconds for one answer of the server. */
  readonly timeout: number;
}

const MAX_TIMEOUT_SECONDS = 3600;

/** Flags carry kubectl's names. */
export function addRecordOptions(command: Command): void {
  command
    .addOption(new Option('--to <DIR>', 'Directory to write. Default: recording-VERSION in the working directory.'))
    .addOption(new Option('--kubeconfig <FILE>', 'Default: those of $KUBECONFIG together, else ~/.kube/config.'))
    .addOption(new Option('--context <NAME>', 'Context of the kubeconfig. Default: the current one.'))
    .addOption(
      new Option(
        '--server <URL>',
        'Record the server at this https URL, with the next flags instead of a kubeconfig.',
      ).conflicts(['kubeconfig', 'context']),
    )
    .addOption(new Option('--certificate-authority <FILE>', 'Authority that signs the certificate of that server.'))
    .addOption(
      new Option('--tls-server-name <NAME>', 'Name that its certificate must contain. Default: the host of the URL.'),
    )
    .addOption(new Option('--token-file <FILE>', 'File with a bearer token to authenticate with.'))
    .addOption(new Option('--client-certificate <FILE>', 'Client certificate to authenticate with.'))
    .addOption(new Option('--client-key <FILE>', 'Key of the client certificate.'))
    .addOption(
      new Option('--timeout <SECONDS>', 'How long one answer of the server may take.')
        .argParser(wholeNumber(1, MAX_TIMEOUT_SECONDS))
        .default(30),
    )
    .addHelpText('after', '\nExit codes: 0 fine, 1 failed, 2 wrong usage, 3 the server cannot be reached.');
}
