import { decided, everything, type JobFigures, measured, type Trace } from '../core/figures.ts';

const checked = (name: string, subject: string): Trace => ({
  from: 'rows',
  relation: 'ops.check_values',
  where: { name, subject },
  column: 'value',
});

/** What the report of cabinet.validation stands on. */
export const figures: JobFigures = {
  statement: 'functions/cabinet/validation-statement.ts',
  objects: ['ops.v_cabinet_check_list', 'ops.cabinet_check_values'],
  figures: {
    as_of: { from: 'input', says: 'the business day' },
    all_passed: { from: 'figures', of: ['failed'], says: 'whether no check failed' },
    passed: decided('PASSED'),
    warnings: decided('WARNING'),
    failed: decided('FAILED'),
    informed: decided('INFORMED'),
    not_evaluated: decided('NOT_EVALUATED'),
    checks: everything,
    // The name of a check holds no dot; what its value is of may.
    'figures.*': (path) => {
      const [name = '', ...subject] = path.split('.');
      return checked(name, subject.length === 0 ? 'total' : subject.join('.'));
    },
    correlation: measured(
      'sums by table, by week and by row, side by side',
      'ops.cabinet_cobranza_correlation',
    ),
    performance: { from: 'rows', relation: 'ops.check_values', where: { name: 'performance' } },
  },
};
