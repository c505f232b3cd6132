import { type ConfigurationField, configurationFields, configurationSections } from '../../src/config/fields.ts';
import { API_VERSION, KIND } from '../../src/config/schema.ts';
import { defaultText, fieldPath, valueText } from './field-text.ts';
import { code, page } from './markdown.ts';

const EXAMPLE = `apiVersion: ${API_VERSION}
kind: ${KIND}
serving:
  tlsCertFile: proxy.crt
  tlsPrivateKeyFile: proxy.key
servers:
  - name: a
    url: https://10.0.0.1:6443
  - name: b
    url: https://10.0.0.2:6443
peers:
  caFile: /etc/kubernetes/pki/ca.crt
  proxyClientCertFile: /etc/kubernetes/pki/front-proxy-client.crt
  proxyClientKeyFile: /etc/kubernetes/pki/front-proxy-client.key
authentication:
  clientCAFile: /etc/kubernetes/pki/ca.crt`;

/** `configuration.md`: every field of the configuration file, in the order of the file. */
export function configurationPage(): string {
  return page(
    '# Configuration file',
    'Generated from the schema in `src/config`; edit that, then run the generator in `tools/reference`.',
    [
      'The file is YAML or JSON and is given with `mvproxy serve --config FILE`. Flags win over it, see [flags](flags.md).',
      'A relative path in the file is relative to the directory of the file.',
      'Unknown keys and bad values are errors that name file, line and key; all of them are shown at once.',
      '`mvproxy serve --config FILE --check-config` checks the file and the files it names and exits.',
      'Editors can check it against the [JSON Schema](configuration.schema.json).',
    ].join('\n'),
    'A gateway in front of two servers:',
    `\`\`\`yaml\n${EXAMPLE}\n\`\`\``,
    ...groups().flatMap(({ heading, description, fields }) => [
      `## ${heading}`,
      ...(description === undefined ? [] : [description]),
      ...fields.flatMap((field) => [`### ${fieldPath(field)}`, field.description, facts(field)]),
    ]),
  );
}

interface Group {
  readonly heading: string;
  readonly description: string | undefined;
  readonly fields: readonly ConfigurationField[];
}

function groups(): Group[] {
  const bySection = Map.groupBy(configurationFields, ({ section }) => section);
  return [...bySection].map(([title, fields]) => ({
    heading: title ?? 'File header',
    description: configurationSections.find((section) => section.title === title)?.description,
    fields,
  }));
}

function facts(field: ConfigurationField): string {
  const defaultValue = defaultText(field);
  return [
    `Value: ${valueText(field)}.`,
    ...(defaultValue === undefined ? [] : [`Default: ${defaultValue}.`]),
    ...(field.flag === undefined ? [] : [`Flag: ${code(`--${field.flag}`)}.`]),
    ...(field.reload ? ['Changes take effect without a restart.'] : []),
  ].join(' ');
}
