import type { GroupVersionResource } from '../../api-object.ts';

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const QUALIFIED = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const LABEL_VALUE = `(${QUALIFIED})?`;
const MAX_SUBDOMAIN = 253;
const MAX_LABEL = 63;

const whole = (pattern: string) => new RegExp(`^(?:${pattern})$`);
const IS_LABEL = whole(LABEL);
const IS_SUBDOMAIN = whole(SUBDOMAIN);
const IS_QUALIFIED = whole(QUALIFIED);
const IS_LABEL_VALUE = whole(LABEL_VALUE);

const tooLong = (text: string, max: number, unit: 'bytes' | 'characters') =>
  Buffer.byteLength(text) > max ? [`must be no more than ${max} ${unit}`] : [];

const ofPattern = (text: string, is: RegExp, pattern: string, what: string, examples: readonly string[]) =>
  is.test(text)
    ? []
    : [
        `${what} (e.g. ${examples.map((each) => `'${each}'`).join(',  or ')}, regex used for validation is '${pattern}')`,
      ];

const WORD_MUST =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

function subdomainProblems(name: string): string[] {
  const what =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
  return [
    ...tooLong(name, MAX_SUBDOMAIN, 'characters'),
    ...ofPattern(name, IS_SUBDOMAIN, SUBDOMAIN, what, ['example.com']),
  ];
}

function labelProblems(name: string): string[] {
  const long = tooLong(name, MAX_LABEL, 'characters');
  if (IS_LABEL.test(name)) return long;
  if (IS_SUBDOMAIN.test(name)) return [...long, 'must not contain dots'];
  const what =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
  return [...long, ...ofPattern(name, IS_LABEL, LABEL, what, ['my-name', '123-abc'])];
}

function pathSegmentProblems(name: string): string[] {
  if (name === '.' || name === '..') return [`may not be '${name}'`];
  return ['/', '%']
    .filter((character) => name.includes(character))
    .map((character) => `may not contain '${character}'`);
}

type NameProblems = (name: string) => string[];

/** Kinds whose names are not DNS-1123 subdomains. */
const BY_RESOURCE: Readonly<Record<string, NameProblems>> = {
  '/namespaces': labelProblems,
  '/services': labelProblems,
  'rbac.authorization.k8s.io/roles': pathSegmentProblems,
  'rbac.authorization.k8s.io/rolebindings': pathSegmentProblems,
  'rbac.authorization.k8s.io/clusterroles': pathSegmentProblems,
  'rbac.authorization.k8s.io/clusterrolebindings': pathSegmentProblems,
  'apiregistration.k8s.io/apiservices': pathSegmentProblems,
  'certificates.k8s.io/certificatesigningrequests': pathSegmentProblems,
};

/** What is wrong with the name of an object; a prefix is what generateName may be. */
export function nameProblems({ group, resource }: GroupVersionResource, name: string, isPrefix = false): string[] {
  // Behind a prefix come five characters, so a dash at its end is fine.
  const text = isPrefix ? name.replace(/-$/, 'a') : name;
  return (BY_RESOURCE[`${group}/${resource}`] ?? subdomainProblems)(text);
}

/** What is wrong with the key of a label or annotation, or a qualified name such as a finalizer's. */
export function qualifiedNameProblems(key: string): string[] {
  const parts = key.split('/');
  const name = parts.at(-1) ?? '';
  if (parts.length > 2) {
    return [
      `a valid label key ${WORD_MUST} (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${QUALIFIED}') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  const prefix = parts.length === 2 ? parts[0] : undefined;
  const ofPrefix =
    prefix === undefined
      ? []
      : (prefix === '' ? ['must be non-empty'] : subdomainProblems(prefix)).map((text) => `prefix part ${text}`);
  return [
    ...ofPrefix,
    ...(name === '' ? ['name part must be non-empty'] : []),
    ...tooLong(name, MAX_LABEL, 'bytes').map((text) => `name part ${text}`),
    ...ofPattern(name, IS_QUALIFIED, QUALIFIED, `name part ${WORD_MUST}`, ['MyName', 'my.name', '123-abc']),
  ];
}

export function labelValueProblems(value: string): string[] {
  const what = `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`;
  return [
    ...tooLong(value, MAX_LABEL, 'bytes'),
    ...ofPattern(value, IS_LABEL_VALUE, LABEL_VALUE, what, ['MyValue', 'my_value', '12345']),
  ];
}
