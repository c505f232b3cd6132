import { configurationFields } from '../../src/config/fields.ts';
import { defaultText, fieldPath } from './field-text.ts';
import { anchor, code, page, table } from './markdown.ts';

/** `flags.md`: the flags of `mvproxy serve` and what they set. */
export function flagsPage(): string {
  return page(
    '# Flags of serve',
    'Generated from the schema in `src/config`; edit that, then run the generator in `tools/reference`.',
    'All commands are on [another page](commands.md).',
    '## Flags',
    [
      'Flags win over the configuration file. Names are those of kube-apiserver where it has the same flag.',
      'Flags with a list take commas and may be repeated. Other flags given twice with different values are an error.',
      'A relative path is relative to the working directory.',
    ].join('\n'),
    table(
      ['Flag', 'Sets', 'Default', 'What it is'],
      [
        [code('--config FILE'), '', '', 'Configuration file (YAML), see [configuration](configuration.md).'],
        [code('--check-config'), '', '', 'Check the configuration and the files it names, then exit.'],
        ...configurationFields.flatMap((field) => {
          if (field.flag === undefined) return [];
          const path = fieldPath(field);
          const argument = field.kind === 'boolean' ? '[=true|false]' : ` ${field.argument ?? 'VALUE'}`;
          return [
            [
              code(`--${field.flag}${argument}`),
              `[${path}](configuration.md#${anchor(path)})`,
              defaultText(field) ?? '',
              field.summary,
            ],
          ];
        }),
      ],
    ),
    '## Output, signals and exit codes',
    [
      'When it is ready, `serve` prints exactly one line on standard output:',
      '`mvproxy ready: serving https://127.0.0.1:6443, admin http://127.0.0.1:6444`;',
      'with `--workers` it names the admin listener of each, with a space in between.',
      'The log goes to standard error: JSON, or plain lines on a terminal, coloured unless `NO_COLOR` is set.',
    ].join('\n'),
    table(
      ['Signal', 'Effect'],
      [
        [
          'SIGTERM, SIGINT',
          'ends gracefully, see [restarting](../restarting.md): `/readyz` fails, and after `shutdown.delaySeconds` requests in progress get `shutdown.drainSeconds` to finish; exit code 0. A second one ends at once; exit code 1',
        ],
        ['SIGHUP', 'reads changed files again; if one is bad, everything stays as it was'],
        ['SIGUSR2', 'with `--workers`: replaces the workers one after the other, by the program as it is on disk now'],
      ],
    ),
    table(
      ['Exit code', 'Meaning'],
      [
        ['0', 'ended as asked'],
        ['1', 'failed'],
        ['2', 'wrong usage or configuration'],
        ['3', 'could not bind or reach something'],
      ],
    ),
  );
}
