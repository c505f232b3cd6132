import { type ComponentChild, h } from 'preact';
import type { SkewReport, SkewRow } from '../model/answers.ts';
import { type CellView, cellView, exampleRequest, findingsOf, missingVerbs, rowKey } from '../model/matrix.ts';
import { placeHref } from '../model/place.ts';
import { codeInWords, groupVersion, resourceName } from '../model/words.ts';
import { Panel, Scrolling, tableHead } from './parts.ts';
import { storageText, storedAs, useStorage } from './storage.ts';

/** The verbs are beside it. */
const MARK_WORDS: Readonly<Record<CellView['mark'], string>> = {
  yes: 'served',
  partly: 'fewer verbs',
  no: 'not served',
  stale: 'stale',
  unknown: 'not known',
};

/** Who serves one resource with which verbs, versions and storage hash, and what was found about it. */
export function RowPanel(props: {
  readonly report: SkewReport;
  readonly row: SkewRow;
  readonly onClose: () => void;
}): ComponentChild {
  const { onClose } = props;
  const storage = useStorage(props.row, props.report.generatedAt);
  const report = storage.kind === 'told' ? storage.report : props.report;
  const key = rowKey(props.row);
  const row = report.rows.find((each) => rowKey(each) === key) ?? props.row;
  const findings = findingsOf(report, row);
  // Subresources are not stored by themselves.
  const isStored = row.subresource === '';
  const { path } = exampleRequest(row);
  return h(
    Panel,
    { title: `${resourceName(row)} · ${groupVersion(row)}`, onClose },
    h('p', { class: 'muted' }, [row.kind, row.scope].filter(Boolean).join(' · ')),
    h(
      Scrolling,
      { label: 'Servers' },
      h(
        'table',
        null,
        tableHead(['Server', 'Version', 'Serves it', 'Verbs', ...(isStored ? ['Stored as'] : [])]),
        h(
          'tbody',
          null,
          row.servers.map((cell, at) => {
            const server = report.servers[at];
            const { mark } = cellView(row, cell);
            const missing = missingVerbs(row, cell);
            const differs = [cell.kind, cell.scope].filter(
              (value) => value && value !== row.kind && value !== row.scope,
            );
            return h(
              'tr',
              { key: at },
              h('th', { scope: 'row' }, server?.name),
              h('td', null, server?.version),
              h(
                'td',
                null,
                h('span', { class: `mark-text mark-${mark}` }, MARK_WORDS[mark]),
                differs.length > 0 && ` as ${differs.join(', ')}`,
              ),
              h(
                'td',
                { class: 'verbs' },
                cell.verbs.join(' '),
                missing.map((verb) => h('del', { key: verb, 'aria-label': `without ${verb}` }, ` ${verb}`)),
              ),
              isStored && h('td', null, storage.kind === 'asking' ? '…' : storedAs(cell)),
            );
          }),
        ),
      ),
    ),
    isStored && storageText(storage),
    h('h4', null, 'Findings'),
    findings.length === 0 && row.findings.length === 0
      ? h('p', null, 'All servers serve it alike.')
      : h(
          'ul',
          { class: 'findings' },
          findings.map(({ code, severity, text, remedy }) =>
            h(
              'li',
              { key: code + text, class: `severity-${severity}` },
              h('strong', null, codeInWords(code)),
              ` ${text} `,
              h('span', { class: 'remedy' }, remedy),
            ),
          ),
          findings.length === 0 && row.findings.map((code) => h('li', { key: code }, codeInWords(code))),
        ),
    h(
      'p',
      { class: 'links' },
      h('a', { href: placeHref('explain', { method: 'GET', path }) }, 'Explain a request for it'),
      h('a', { href: placeHref('decisions', { resource: row.resource }) }, 'Decisions about it'),
    ),
  );
}
