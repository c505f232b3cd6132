import type { Completions } from './completions.ts';

/** Bits by which a program tells a shell what to do with what it offers, as kubectl has them of Cobra (`ShellCompDirective`). */
const DIRECTIVE = { files: 0, noSpace: 2, noFiles: 4, directories: 16 } as const;

/**
 * Completions as our shell functions and kubectl read them: one word and its description a line, with a tab in between, and
 * a last line `:DIRECTIVE`.
 */
export function completionText(completions: Completions): string {
  if (completions.kind !== 'words') return `:${DIRECTIVE[completions.kind]}\n`;
  const { words, open } = completions;
  const lines = words.map(({ value, description }) => (description === '' ? value : `${value}\t${description}`));
  return `${[...lines, `:${DIRECTIVE.noFiles + (open ? DIRECTIVE.noSpace : 0)}`].join('\n')}\n`;
}
