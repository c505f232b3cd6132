import { parseVersion } from '../../src/lab/control-plane/version.ts';

export interface GoModule {
  /** Path and version of the module whose command is built. */
  readonly path: string;
  readonly version: string;
  /** That module's own go.mod. */
  readonly goMod: string;
  /** What a module from before go.mod does not say it needs: paths and versions, such as `example.com/a v1.2.3`. */
  readonly needs?: readonly string[];
}

/**
 * The go.mod of an otherwise empty module from which a command of `module` can be built.
 *
 * k8s.io/kubernetes itself cannot be installed with `go install`: its go.mod points the staging modules (k8s.io/api and
 * others) at directories of its repository. The same code is published as v0.MINOR.PATCH, which takes their place here.
 * The go directive is copied because it also selects the runtime behaviour (GODEBUG) the release was tested with.
 */
export function goModText({ path, version, goMod, needs = [] }: GoModule): string {
  const replacements = path === 'k8s.io/kubernetes' ? stagingReplacements(goMod, version) : [];
  return [
    'module control-plane.test/build',
    `go ${/^go (\S+)/m.exec(goMod)?.[1] ?? '1.24'}`,
    [`require ${path} v${version}`, ...needs.map((need) => `require ${need}`)].join('\n'),
    ...(replacements.length > 0 ? [`replace (\n${replacements.map((line) => `\t${line}\n`).join('')})`] : []),
    '',
  ].join('\n\n');
}

/** Values for `go build -ldflags`: the version a Kubernetes command says about itself, without symbol tables. */
export function linkerFlags(version: string): string {
  const { minor } = parseVersion(version);
  const values = {
    gitVersion: `v${version}`,
    gitMajor: '1',
    gitMinor: String(minor),
    gitTreeState: 'clean',
    gitCommit: '0'.repeat(40),
    buildDate: '1970-01-01T00:00:00Z',
  };
  const packages = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'];
  const settings = packages.flatMap((path) =>
    Object.entries(values).map(([name, value]) => `-X ${path}.${name}=${value}`),
  );
  return ['-s -w', ...settings].join(' ');
}

function stagingReplacements(goMod: string, version: string): string[] {
  const { minor, patch } = parseVersion(version);
  const modules = Array.from(goMod.matchAll(/(\S+) => \.\/staging\//g), (match) => match[1] ?? '');
  return modules.sort().map((module) => `${module} => ${module} v0.${minor}.${patch}`);
}
