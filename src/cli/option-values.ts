import { InvalidArgumentError, Option } from 'commander';

/** A real program somebody names: `1.34.4=/path/to/kube-apiserver`. */
export interface NamedProgram {
  readonly version: string;
  readonly path: string;
}

export function commaSeparated(text: string): string[] {
  const items = text.split(',').map((item) => item.trim());
  if (items.some((item) => item === '')) throw new InvalidArgumentError('Separate the items by one comma each.');
  return items;
}

export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isInteger(value) || value < least || value > most) {
      throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
    }
    return value;
  };
}

export function kubeApiserverOption(description: string): Option {
  return new Option('--kube-apiserver <VERSION=PATH>', description)
    .argParser((text: string, earlier: readonly NamedProgram[]) => [...earlier, namedProgram(text)])
    .default([], 'embedded servers');
}

export function namedProgram(text: string): NamedProgram {
  const [, version, path] = /^v?(\d+\.\d+\.\d+)=(.+)$/.exec(text) ?? [];
  if (version === undefined || path === undefined) {
    throw new InvalidArgumentError('It must be a full version and a path, like 1.34.4=/usr/local/bin/kube-apiserver.');
  }
  return { version, path };
}
