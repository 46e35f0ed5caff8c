-- Rows of which the truth is known: both said a class, or both a number that can be held against it.
create or replace view told as
select
  *, classes and our_right and not their_right as only_production, classes and their_right and not our_right as only_shadow
from (
  select
    *, our_label is not null and their_label is not null as classes,
    coalesce(our_label = truth or try_cast(our_label as double) = truth_number, false) as our_right,
    coalesce(their_label = truth or try_cast(their_label as double) = truth_number, false) as their_right,
    if(our_label is null or their_label is null, abs(their_number - truth_number) - abs(our_number - truth_number), null) as loss
  from compared where truth is not null
) where classes or loss is not null;
