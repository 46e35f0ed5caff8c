  if(theirs.number is null, null, ours.number) as our_number,
  if(ours.number is null, null, theirs.number) as their_number
