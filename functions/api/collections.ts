import { collections } from './collections/index.ts';
import { router } from './router.ts';

/** The collection screens: who owes what, limbo, gaps, scouts. */
export const handler = router('api collections', collections);
