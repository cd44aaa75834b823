import { exports } from './collections/spreadsheets.ts';
import { router } from './router.ts';

/** The spreadsheets: a function of their own, which has time, a whole processor and leave to write files. */
export const handler = router('api exports', exports);
