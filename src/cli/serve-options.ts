import { type Command, Option } from 'commander';
import { type ConfigurationField, configurationFields } from '../config/fields.ts';
import type { FlagValues } from '../config/flag-values.ts';

/** Adds one option per configuration field that has a flag, in groups as the configuration file has sections. */
export function addConfigurationOptions(command: Command): void {
  for (const field of configurationFields) {
    if (field.flag !== undefined) command.addOption(optionOf(field, field.flag));
  }
}

/** The texts given for those options; commander's own conversion and defaults are not used, so that one place decides. */
export function flagValues(command: Command): FlagValues {
  return new Map(
    command.options.flatMap((option): [string, readonly string[]][] => {
      const texts: unknown = command.getOptionValue(option.attributeName());
      const isField = configurationFields.some(({ flag }) => flag === option.name());
      return isField && Array.isArray(texts) ? [[option.name(), texts.map(String)]] : [];
    }),
  );
}

function optionOf(field: ConfigurationField, flag: string): Option {
  const short = field.shortFlag === undefined ? '' : `-${field.shortFlag}, `;
  const value = field.kind === 'boolean' ? '[true|false]' : `<${field.argument ?? 'VALUE'}>`;
  const option = new Option(`${short}--${flag} ${value}`, helpText(field))
    .helpGroup(`${field.section ?? 'Other'}:`)
    .argParser<readonly string[]>((text, earlier) => [...(earlier ?? []), text]);
  return field.kind === 'boolean' ? option.preset('true') : option;
}

function helpText({ summary, defaultValue }: ConfigurationField): string {
  const shown = Array.isArray(defaultValue) ? defaultValue.join(',') : String(defaultValue ?? '');
  return shown === '' ? summary : `${summary.replace(/[.]$/, '')} (default ${shown}).`;
}
