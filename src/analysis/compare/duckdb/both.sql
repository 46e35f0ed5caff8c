  ours.$key as key, ours.moment, $feature $free ours.place, ours.row_input is not null as known_input,
  -- A row whose input is not known is alone with it.
  coalesce(ours.row_input, hash(ours.$key, ours.place)) as input, $same as same,
  $our_label as our_label, $their_label as their_label,
  $numbers
