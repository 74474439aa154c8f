/* The letter file that is being written in the workshop: checked, tried on facts, and only then installed. */

/** The draft of this browser that holds its text. */
export const PASTED_DRAFT = 'letter-install'
/** How it is named among the letters it is tried with (`backend/letters/workshop.py`). */
export const PASTED = 'letter.yaml'
