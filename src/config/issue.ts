import type { z } from 'zod';
import { configurationFields, knownKeys } from './fields.ts';
import { nearest } from './nearest.ts';
import { formatPath, type Path } from './path.ts';

type Issue = z.core.$ZodIssue;

const EXPECTED: Readonly<Record<string, string>> = {
  string: 'must be text',
  number: 'must be a number',
  int: 'must be a whole number',
  boolean: 'must be true or false',
  array: 'must be a list',
  object: 'must be a mapping of keys to values',
};

/** One finding of the schema in words. */
export interface IssueText {
  readonly path: Path;
  /** `unknown`: the key itself is the mistake. */
  readonly key: 'unknown' | 'known';
  readonly message: string;
}

/** Findings of the schema as what operators should read: one per unknown key, without the vocabulary of the library. */
export function describeIssue(issue: Issue): IssueText[] {
  const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
  if (issue.code !== 'unrecognized_keys') return [{ path, key: 'known', message: messageOf(issue) }];
  return issue.keys.map((key) => ({ path: [...path, key], key: 'unknown', message: unknownKey(path, key) }));
}

function messageOf(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.input === undefined) return 'is required';
      if (issue.input === null) return 'is empty; give it a value or remove the key';
      return `${EXPECTED[issue.expected] ?? `must be of type ${issue.expected}`}, not ${show(issue.input)}${quoting(issue)}`;
    case 'too_small':
      return issue.origin === 'string' || issue.origin === 'array'
        ? issue.message
        : `must be at least ${issue.minimum}, not ${show(issue.input)}`;
    case 'too_big':
      return issue.origin === 'string'
        ? `must have at most ${issue.maximum} characters`
        : `must be at most ${issue.maximum}, not ${show(issue.input)}`;
    case 'invalid_value':
      return issue.input === undefined
        ? `is required: ${issue.values.join(' or ')}`
        : `must be ${issue.values.join(' or ')}, not ${show(issue.input)}`;
    default:
      return issue.message;
  }
}

function quoting(issue: { readonly expected: string; readonly input?: unknown }): string {
  const scalar = typeof issue.input === 'number' || typeof issue.input === 'boolean';
  return issue.expected === 'string' && scalar ? '; put it in quotes' : '';
}

function unknownKey(path: Path, key: string): string {
  const here = knownKeys(path) ?? [];
  const similar = nearest(key, here);
  if (similar !== undefined) return `is not a known key; did you mean ${similar}?`;
  const elsewhere = keyElsewhere(key);
  if (elsewhere !== undefined) return `is not a known key here; did you mean ${elsewhere}?`;
  return `is not a known key; known keys ${path.length === 0 ? 'here' : `in ${formatPath(path)}`}: ${here.join(', ')}`;
}

/** The field that has a similar key or flag in another section. */
function keyElsewhere(key: string): string | undefined {
  const names = configurationFields.flatMap((field) =>
    [field.path.at(-1), field.flag].flatMap((name) => (name === undefined ? [] : [{ name, field }])),
  );
  const similar = nearest(
    key,
    names.map(({ name }) => name),
  );
  const path = names.find(({ name }) => name === similar)?.field.path;
  return path?.filter((part) => part !== '[]').join('.');
}

function show(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'a mapping';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
