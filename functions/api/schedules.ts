import { router } from './router.ts';
import { schedulesList } from './schedules-list.ts';
import { schedulesPause, schedulesResume } from './schedules-pause.ts';

/** What starts runs by the clock: to look at, to pause and to resume. */
export const schedules = [schedulesList(), schedulesPause(), schedulesResume()];

export const handler = router('api schedules', schedules);
