/** Flag name without dashes → its value, or its values when the flag may be repeated. */
export type Flags = Readonly<Record<string, string | readonly string[]>>;

/** How a caller departs from the default flags of a process. */
export interface FlagChanges {
  /** `--name=value` or `--name`. All default values of the same name are dropped, so that one side decides alone. */
  readonly extraArgs?: readonly string[];
  /** Names (no dashes) of default flags to leave out. */
  readonly withoutFlags?: readonly string[];
}

/** The arguments `--name=value` of `defaults`, changed as `changes` say. */
export function commandLine(defaults: Flags, { extraArgs = [], withoutFlags = [] }: FlagChanges): string[] {
  const replaced = new Set([...withoutFlags, ...extraArgs.map(flagName)]);
  const kept = Object.entries(defaults).filter(([name]) => !replaced.has(name));
  return [...kept.flatMap(([name, value]) => [value].flat().map((one) => `--${name}=${one}`)), ...extraArgs];
}

function flagName(argument: string): string {
  return argument.replace(/^--/, '').replace(/=.*$/s, '');
}
