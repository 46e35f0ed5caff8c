  case
    when ours.number is not null and theirs.number is not null then ours.number
    when len(ours.scores) = len(theirs.scores) then list_max(ours.scores)
  end as our_number,
  -- What the shadow gives the class that production chose.
  case
    when ours.number is not null and theirs.number is not null then theirs.number
    when len(ours.scores) = len(theirs.scores) then theirs.scores[list_position(ours.scores, list_max(ours.scores))]
  end as their_number,
  case
    when len(ours.scores) = len(theirs.scores)
      then list_sum(list_transform(list_zip(ours.scores, theirs.scores), lambda z: abs(z[1] - z[2]))) / 2
    else coalesce(abs(theirs.number - ours.number), 0)
  end as apart
