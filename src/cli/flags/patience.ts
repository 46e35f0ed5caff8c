/** What `--patience` says of itself, wherever there are steps. */
export const PATIENCE =
  'how much longer an undecided step is watched before it pauses (default: as long as the policy may need)';
