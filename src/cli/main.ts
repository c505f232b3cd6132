import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { packageVersion } from '../package-version.ts';
import { completionText } from './completion/completion-text.ts';
import { completions } from './completion/completions.ts';
import { COMPLETION_HELP, SHELL_SCRIPTS, SHELLS, type Shell } from './completion/shell-scripts.ts';
import { addExplainOptions, type ExplainFlags } from './explain-options.ts';
import { type CliIo, EXIT, type ExitCode } from './io.ts';
import { addLabOptions, type LabFlags } from './lab-options.ts';
import { addPreflightOptions, type PreflightFlags } from './preflight-options.ts';
import { commandName, programName } from './program-name.ts';
import { addRecordOptions, type RecordFlags } from './record-options.ts';
import { addRehearseOptions, type RehearseFlags } from './rehearse-options.ts';
import { type StartDaemon, serve } from './serve.ts';
import { addConfigurationOptions, flagValues } from './serve-options.ts';
import { addSkewOptions, type SkewFlags } from './skew-options.ts';
import { addStatusOptions, type StatusFlags } from './status-options.ts';
import { addVerifyOptions, type VerifyFlags } from './verify-options.ts';

// Only `serve` needs the daemon; `mvproxy help` should not have to load it.
const startDaemonLazily: StartDaemon = async (configuration, options) => {
  const [{ startDaemon }, { limitYoungGeneration }] = await Promise.all([
    import('../daemon/daemon.ts'),
    import('../daemon/young-generation.ts'),
  ]);
  limitYoungGeneration();
  return startDaemon(configuration, { ...options, recorded: recordedTarget });
};

const recordedTarget = async (release: string) => (await import('./preflight-target.ts')).recordedTarget(release);

/**
 * Runs one command line.
 * @param argv as `process.argv`: interpreter, program, then the arguments. Called as `kubectl-mvproxy` it shows itself as `kubectl mvproxy`.
 * @returns 0 fine, 1 failed, 2 wrong usage or configuration, 3 could not bind or reach something
 */
export async function run(
  argv: readonly string[],
  io: CliIo,
  startDaemon: StartDaemon = startDaemonLazily,
): Promise<ExitCode> {
  const { program, exitCode } = commandLine(argv, io, startDaemon);
  if (argv[2] === COMPLETE) {
    io.stdout.write(completionText(completions(program, argv.slice(3))));
    return EXIT.ok;
  }
  try {
    await program.parseAsync(argv.slice(2), { from: 'user' });
    return exitCode();
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    throw error;
  }
}

/** What shells ask before a command line is finished; no command, so that its words are not read as flags. */
const COMPLETE = '__complete';

/** Every command with its flags and what it does; also what help, completion and the reference are made of. */
export function commandLine(
  argv: readonly string[],
  io: CliIo,
  startDaemon: StartDaemon = startDaemonLazily,
): { readonly program: Command; exitCode(): ExitCode } {
  let exitCode: ExitCode = EXIT.ok;
  const name = programName(argv[1]);
  const program = createProgram(name, io);
  const serveCommand = program
    .command('serve')
    .description('Run the proxy. Values come from flags, then from the configuration file, then from defaults.')
    .addOption(new Option('--config <FILE>', 'Configuration file (YAML). Flags win over it.').argParser(once))
    .option('--check-config', 'Check the configuration and the files it names, then exit.')
    .showHelpAfterError(`Run "${name} serve --help" for every flag.`)
    .addHelpText('after', serveExample(name))
    .action(async (options: { readonly config?: string; readonly checkConfig?: boolean }) => {
      const request = {
        configFile: options.config,
        flags: flagValues(serveCommand),
        checkConfig: options.checkConfig === true,
        commandLine: argv.slice(1),
      };
      exitCode = await serve(request, io, startDaemon);
    });
  addConfigurationOptions(serveCommand);
  const labCommand = program
    .command('lab')
    .description('Run an embedded control plane of several versions on this machine, with the proxy in front.')
    .showHelpAfterError(`Run "${name} lab --help" for every flag.`)
    .action(async (flags: LabFlags) => {
      const { runLab } = await import('./lab.ts');
      exitCode = await runLab(flags, io, commandName(argv[1]));
    });
  addLabOptions(labCommand);
  const rehearseCommand = labCommand
    .command('rehearse')
    .description(
      'Replay a rolling upgrade under load, once for each way to front the servers, and report what clients saw.',
    )
    .showHelpAfterError(`Run "${name} lab rehearse --help" for every flag.`)
    .action(async (flags: RehearseFlags) => {
      const { runRehearsal } = await import('./rehearse.ts');
      exitCode = await runRehearsal(flags, io);
    });
  addRehearseOptions(rehearseCommand);
  const recordCommand = labCommand
    .command('record')
    .description('Record which types a live server serves, for "lab --versions". Objects are never read.')
    .showHelpAfterError(`Run "${name} lab record --help" for every flag.`)
    .action(async (flags: RecordFlags) => {
      const { runRecord } = await import('./lab-record.ts');
      exitCode = await runRecord(flags, io);
    });
  addRecordOptions(recordCommand);
  const preflightCommand = program
    .command('preflight')
    .description('Prove each link that an upgrade relies on, and say for each broken one what to do.')
    .showHelpAfterError(`Run "${name} preflight --help" for every flag.`)
    .action(async (flags: PreflightFlags) => {
      const { runPreflightCommand } = await import('./preflight.ts');
      exitCode = await runPreflightCommand({ ...flags, configuration: flagValues(preflightCommand) }, io);
    });
  addPreflightOptions(preflightCommand);
  const statusCommand = program
    .command('status')
    .description('Say how the running proxy and its servers are, and what became of requests.')
    .showHelpAfterError(`Run "${name} status --help" for every flag.`)
    .action(async (flags: StatusFlags) => {
      const { runStatus } = await import('./status.ts');
      exitCode = await runStatus(flags, io);
    });
  addStatusOptions(statusCommand);
  const skewCommand = program
    .command('skew')
    .description('Compare what every server serves, and with --storage writes; only the differences, folded.')
    .showHelpAfterError(`Run "${name} skew --help" for every flag.`)
    .action(async (flags: SkewFlags) => {
      const { runSkew } = await import('./skew.ts');
      exitCode = await runSkew(flags, io);
    });
  addSkewOptions(skewCommand);
  const verifyCommand = program
    .command('verify')
    .description('Ask every server, and the running proxy in every shape, whether they surface a type, and why not.')
    .argument(
      '<target>',
      'GROUP[/VERSION[/RESOURCE]] ("core" is the core group), or as kubectl has it: widgets.example.com, widgets.v1.example.com.',
    )
    .showHelpAfterError(`Run "${name} verify --help" for every flag.`)
    .action(async (target: string, flags: VerifyFlags) => {
      const { runVerify } = await import('./verify.ts');
      exitCode = await runVerify(target, flags, io);
    });
  addVerifyOptions(verifyCommand);
  const explainCommand = program
    .command('explain')
    .description('Say how a URL is read, who serves it, which server would answer and why.')
    .argument('<method>', 'HTTP method, such as GET.')
    .argument('<path>', 'Path with query, such as /apis/apps/v1/deployments?watch=true.')
    .showHelpAfterError(`Run "${name} explain --help" for every flag.`)
    .action(async (method: string, path: string, flags: ExplainFlags) => {
      const { runExplain } = await import('./explain.ts');
      exitCode = await runExplain(method, path, flags, io);
    });
  addExplainOptions(explainCommand);
  program
    .command('completion')
    .description('Print what makes a shell complete commands and flags.')
    .addArgument(new Argument('<shell>', `One of ${SHELLS.join(', ')}.`).choices(SHELLS))
    .showHelpAfterError(`Run "${name} completion --help" for how to use it.`)
    .addHelpText('after', COMPLETION_HELP)
    .action((shell: Shell) => void io.stdout.write(SHELL_SCRIPTS[shell]));
  program
    .command('version')
    .description('Print the version.')
    .addHelpText('after', '\nExit codes: 0 fine, 2 wrong usage.')
    .action(() => void io.stdout.write(`${versionLine()}\n`));

  return { program, exitCode: () => exitCode };
}

function createProgram(name: string, io: CliIo): Command {
  return (
    new Command(name)
      .description(
        'Mixed version proxy for unmodified kube-apiservers: sends each request to a server that serves its resource.',
      )
      .version(versionLine(), '--version', 'Print the version.')
      .helpOption('-h, --help', 'Show help.')
      .helpCommand('help [command]', 'Show help for a command.')
      // `lab` and `lab record` both have a --kubeconfig; where a flag stands says whose it is.
      .enablePositionalOptions()
      .showHelpAfterError(`Run "${name} help" for what is possible.`)
      .configureHelp({ optionDescription: ({ description }) => description })
      .exitOverride()
      .configureOutput({
        writeOut: (text) => void io.stdout.write(text),
        writeErr: (text) => void io.stderr.write(text),
        getOutHelpWidth: () => io.stdout.columns ?? 100,
        getErrHelpWidth: () => io.stderr.columns ?? 100,
        getOutHasColors: () => false,
        getErrHasColors: () => false,
      })
  );
}

function serveExample(name: string): string {
  return `
Example, a gateway in front of two servers:
  ${name} serve --tls-cert-file=proxy.crt --tls-private-key-file=proxy.key --client-ca-file=ca.crt \\
    --peer-ca-file=ca.crt --proxy-client-cert-file=front-proxy-client.crt --proxy-client-key-file=front-proxy-client.key \\
    --server=a=https://10.0.0.1:6443 --server=b=https://10.0.0.2:6443

Exit codes: 0 ended as asked, 1 failed, 2 wrong usage or configuration, 3 could not bind or reach something.`;
}

function versionLine(): string {
  return `mvproxy ${packageVersion()} (node ${process.version})`;
}

function once(text: string, earlier: string | undefined): string {
  if (earlier !== undefined) throw new InvalidArgumentError('Give it once.');
  return text;
}
