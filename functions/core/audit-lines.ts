/** The lines that alarms and people look for, in a file of their own: the templates have them, too. docs/audit.md. */
export const SEALED = 'audit sealed';
export const VERIFIED = 'audit verified';
export const FORGED = 'audit verification found what was not sealed so';
