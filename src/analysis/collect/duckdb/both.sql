  ours.$key as key, ours.moment, ours.feature_id, ours.place, ours.row_input is not null as known_input,
  -- A row whose input is not known is alone with it.
  coalesce(ours.row_input, hash(ours.$key, ours.place)) as input, ours.row_count = theirs.row_count as same,
  ours.file as our_file, ours.spot as our_at, theirs.file as their_file, theirs.spot as their_at,
  $our_label as our_label, $their_label as their_label,
  $numbers
