import { parseDuration } from './duration.ts';
import { type ConfigurationField, configurationFields } from './fields.ts';
import type { Problem } from './problem.ts';

/** The texts given for each flag (name without dashes), in the order of the command line. */
export type FlagValues = ReadonlyMap<string, readonly string[]>;

/** What one flag sets. */
export interface FlagSetting {
  readonly field: ConfigurationField;
  readonly flag: string;
  readonly value: unknown;
}

/** Turns the texts of flags into values of fields; texts that do not fit the field stay texts, for the schema to judge. */
export function readFlags(values: FlagValues): { readonly settings: FlagSetting[]; readonly problems: Problem[] } {
  const settings: FlagSetting[] = [];
  const problems: Problem[] = [];
  for (const [flag, texts] of values) {
    const field = configurationFields.find((candidate) => candidate.flag === flag);
    const message = field === undefined ? 'is not a known flag' : mistake(field, texts);
    if (message !== undefined) {
      problems.push({ location: { kind: 'flag', flag }, path: field?.path ?? [], message });
    } else if (field !== undefined) {
      settings.push({ field, flag, value: fieldValue(field, texts) });
    }
  }
  return { settings, problems };
}

function mistake({ kind }: ConfigurationField, texts: readonly string[]): string | undefined {
  switch (kind) {
    case 'list':
      return undefined;
    case 'servers': {
      const nameless = texts.find((text) => !text.includes('='));
      return nameless === undefined
        ? undefined
        : `must be NAME=URL, for example a=https://10.0.0.1:6443, not ${JSON.stringify(nameless)}`;
    }
    default: {
      // Two different values of one flag are more often a mistake in a manifest than a wish to override oneself.
      const distinct = new Set(texts);
      if (distinct.size <= 1) return kind === 'duration' ? noDuration(texts[0] ?? '') : undefined;
      return `is given ${texts.length} times with different values (${[...distinct].join(', ')}); give it once`;
    }
  }
}

function noDuration(text: string): string | undefined {
  if (parseDuration(text) !== undefined) return undefined;
  return `must be a duration such as 5s, 500ms or 1m30s, not ${JSON.stringify(text)}`;
}

function fieldValue({ kind }: ConfigurationField, texts: readonly string[]): unknown {
  const text = texts.at(-1) ?? '';
  switch (kind) {
    case 'text':
      return text;
    case 'number':
      return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text) ? Number(text) : text;
    case 'duration':
      return parseDuration(text);
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : text;
    case 'list':
      return texts
        .flatMap((list) => list.split(','))
        .map((item) => item.trim())
        .filter((item) => item !== '');
    case 'servers':
      return texts.map(serverOf);
  }
}

function serverOf(text: string): { readonly name: string; readonly url: string } {
  const separator = text.indexOf('=');
  return { name: text.slice(0, separator), url: text.slice(separator + 1) };
}
