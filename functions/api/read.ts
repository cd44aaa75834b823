import { collections } from './collections/index.ts';
import { router } from './router.ts';
import { runsDecisions } from './runs-decisions.ts';
import { runsList } from './runs-list.ts';
import { runsShow } from './runs-show.ts';

/** Every read; one Lambda, so that a warm one serves them all. */
export const reads = [runsList, runsShow, runsDecisions, ...collections];

export const handler = router('api read', reads);
