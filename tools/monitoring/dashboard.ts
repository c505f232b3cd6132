import { DASHBOARD_ROWS } from './dashboard-rows.ts';
import { layOut } from './panel.ts';

/** A Grafana dashboard (version 10 or newer) as it is imported: JSON, with the data source as a variable. */
export function dashboard(): object {
  return {
    uid: 'mixed-version-proxy',
    title: 'mixed-version-proxy',
    description: 'API servers of several versions behind mixed-version-proxy: is it safe to go on with the upgrade?',
    tags: ['kubernetes', 'mixed-version-proxy'],
    schemaVersion: 39,
    version: 1,
    editable: true,
    graphTooltip: 1,
    time: { from: 'now-3h', to: 'now' },
    refresh: '30s',
    timezone: '',
    templating: {
      list: [
        {
          name: 'datasource',
          label: 'Data source',
          type: 'datasource',
          query: 'prometheus',
          current: {},
          hide: 0,
          includeAll: false,
          multi: false,
        },
        {
          name: 'instance',
          label: 'Proxy',
          type: 'query',
          datasource: { type: 'prometheus', uid: '$datasource' },
          query: { query: 'label_values(mvproxy_build_info, instance)', refId: 'instance' },
          definition: 'label_values(mvproxy_build_info, instance)',
          refresh: 2,
          sort: 1,
          includeAll: true,
          allValue: '.*',
          multi: true,
          current: { text: 'All', value: '$__all' },
          hide: 0,
        },
      ],
    },
    annotations: { list: [] },
    panels: layOut(DASHBOARD_ROWS),
  };
}
