// Dashboards as they stand in a file: Grafana's schema, with the panels that ours have and Prometheus queries.
import type * as g from '@grafana/schema';
import type * as barGauge from '@grafana/schema/dist/esm/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen';
import type * as stat from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type * as timeSeries from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

/** The schema's types with its string enums as the strings they are in JSON. */
type Json<T> = T extends string
  ? `${T}`
  : T extends Array<infer E>
    ? Array<Json<E>>
    : T extends object
      ? { [K in keyof T]: Json<T[K]> }
      : T;

/** The schema has no Prometheus queries: what Grafana's own data source keeps of one. */
interface PrometheusQuery extends g.DataQuery {
  refId: string;
  datasource: Source;
  expr: string;
  legendFormat?: string;
  format?: 'time_series' | 'table' | 'heatmap';
  instant?: boolean;
  range?: boolean;
  editorMode?: 'code' | 'builder';
  exemplar?: boolean;
  interval?: string;
}

interface Source {
  type: 'prometheus';
  uid: 'prometheus';
}

/** Of our panels all have what the schema leaves open: a title, a description, a unit, thresholds. */
interface Panel<TType extends string, TOptions, TCustom>
  extends Omit<g.Panel, 'type' | 'options' | 'fieldConfig' | 'targets' | 'datasource'> {
  id: number;
  type: TType;
  title: string;
  description: string;
  gridPos: g.GridPos;
  datasource: Source;
  targets: [PrometheusQuery, ...PrometheusQuery[]];
  options: TOptions;
  fieldConfig: {
    defaults: Omit<g.FieldConfig, 'custom' | 'unit' | 'thresholds'> & {
      unit: string;
      thresholds: g.ThresholdsConfig;
      custom?: TCustom;
    };
    overrides: [];
  };
}

type OurPanel =
  | Panel<'timeseries', timeSeries.Options, timeSeries.FieldConfig>
  | Panel<'stat', stat.Options, never>
  | Panel<'bargauge', barGauge.Options, never>
  | (Omit<g.RowPanel, 'panels'> & { panels: [] });

interface Annotation extends Omit<g.AnnotationQuery, 'target' | 'datasource'> {
  datasource: Source;
  target: PrometheusQuery;
  titleFormat?: string;
  textFormat?: string;
  tagKeys?: string;
  useValueForTime?: 'on' | 'off';
}

export type Dashboard = Json<
  Omit<g.Dashboard, 'panels' | 'annotations'> & {
    uid: string;
    title: string;
    description: string;
    panels: OurPanel[];
    annotations: { list: Annotation[] };
  }
>;
