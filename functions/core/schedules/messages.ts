/** Log lines that alarms are counted from: the words are part of the deployment. */

/** A scheduled run's source was not ready after the last postponement. */
export const BEGINS_DEGRADED = 'scheduled run begins degraded';

/** Nothing came of times that were due. */
export const TIMES_MISSED = 'scheduled times missed';
