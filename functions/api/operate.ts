import { alertsAcknowledge } from './alerts-acknowledge.ts';
import { router } from './router.ts';
import { runsStart } from './runs-start.ts';

/** The operator's calls that change something, but for those of recovery.ts. */
export const operations = [runsStart, alertsAcknowledge];

export const handler = router('api operate', operations);
