import { alertsAcknowledge } from './alerts-acknowledge.ts';
import { router } from './router.ts';
import { runsCancel } from './runs-cancel.ts';
import { runsRetry } from './runs-retry.ts';
import { runsStart } from './runs-start.ts';

/** The operator's calls: those that change something. */
export const operations = [runsStart, runsCancel, runsRetry, alertsAcknowledge];

export const handler = router('api operate', operations);
