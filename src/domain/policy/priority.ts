/** Which of several waiting instances goes first: 1 CRITICAL, 2 HIGH, 3 MEDIUM, 4 LOW. */
export type Priority = 1 | 2 | 3 | 4;

export const DEFAULT_PRIORITY: Priority = 3;
