/**
 * A stored time that is further in the future was written before the clock was set back. It says nothing about an age, and
 * waiting for the clock to reach it could take hours.
 */
export const CLOCK_TOLERANCE = "interval '5 minutes'";
