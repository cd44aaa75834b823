/** The files that people hand in, column by column. docs/cabinet-ingestion.md. */
import * as cells from './cells.ts';

export interface UploadColumn {
  readonly name: string;
  readonly cell: cells.Cell;
  /** `header`: the file must have the column. `filled`: and each of its cells a value. */
  readonly needs?: 'header' | 'filled';
}

export interface Dataset {
  readonly name: DatasetName;
  /** In the order of the table in which its rows wait (sql/migrations/0015_uploads.sql). */
  readonly columns: readonly UploadColumn[];
  /** At least one of these has a value in each row. */
  readonly oneOf?: readonly string[];
}

export const datasetNames = ['leads', 'trips', 'payments'] as const;
export type DatasetName = (typeof datasetNames)[number];

function columns(cell: cells.Cell, names: string): UploadColumn[] {
  return names.split(' ').map((name) => ({ name, cell }));
}

const leads: Dataset = {
  name: 'leads',
  columns: [
    { name: 'external_id', cell: cells.key, needs: 'header' },
    { name: 'lead_created_at', cell: cells.moment, needs: 'filled' },
    ...columns(
      cells.text,
      'first_name middle_name last_name park_phone asset_plate_number asset_model asset_color park_name status tariff ' +
        'target_city activation_city',
    ),
    ...columns(cells.flag, 'active_1 active_5 active_10 active_15 active_25 active_50 active_100'),
    { name: 'last_active_date', cell: cells.date },
  ],
};

const trips: Dataset = {
  name: 'trips',
  columns: [
    { name: 'driver_id', cell: cells.key, needs: 'filled' },
    { name: 'date_file', cell: cells.tripDate, needs: 'filled' },
    { name: 'count_orders_completed', cell: cells.count, needs: 'filled' },
    { name: 'sum_work_time_seconds', cell: cells.decimal },
    // Of several rows of a driver and day the latest counts: without it nobody could tell which that is.
    { name: 'created_at', cell: cells.moment, needs: 'filled' },
  ],
};

const payments: Dataset = {
  name: 'payments',
  columns: [
    { name: 'id', cell: cells.bigNumber, needs: 'filled' },
    { name: 'date', cell: cells.date, needs: 'header' },
    { name: 'time', cell: cells.time },
    { name: 'scout_id', cell: cells.wholeNumber },
    { name: 'driver', cell: cells.text, needs: 'header' },
    ...columns(cells.flag, 'trip_1 trip_5 trip_25').map((column) => ({
      ...column,
      needs: 'header' as const,
    })),
    ...columns(cells.moment, 'created_at updated_at'),
    { name: 'driver_id', cell: cells.key },
  ],
  // One that names nobody is no payment yet, and once it is in, the row that names somebody would be a different one.
  oneOf: ['driver', 'driver_id'],
};

export const datasets: Readonly<Record<DatasetName, Dataset>> = { leads, trips, payments };
