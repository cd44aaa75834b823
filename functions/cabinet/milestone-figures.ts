import { counted, type DecisionFilter, only, type Trace } from '../core/figures.ts';

export const window: Trace = {
  from: 'input',
  says: 'the business day, and what the input’s daysBack makes of it',
};

/** `total` is of all milestones. */
const ofMilestone = (milestone: string): Pick<DecisionFilter, 'evidence'> =>
  milestone === 'total' ? {} : { evidence: { milestone: Number(milestone) } };
/** How many of these decisions a milestone has, and the sum of their amounts. */
export const byMilestone = (...decisions: string[]) => ({
  count: (milestone: string): Trace => counted({ ...only(decisions), ...ofMilestone(milestone) }),
  amount: (milestone: string): Trace => ({
    from: 'decisions',
    filter: { ...only(decisions), ...ofMilestone(milestone) },
    sum: 'amount',
  }),
});
