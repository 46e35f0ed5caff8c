-- Pairs by an id that both records carry. An id that occurs twice on a side belongs to nobody.
create temp table pair as
with twice as (
  select $key as key from production where $usable group by 1 having count(*) > 1
  union
  select $key from shadow where $usable group by 1 having count(*) > 1
)
select
  ours.$key as key, ours.moment, ours.inference_id, ours.feature_id, ours.file_id,
  ours.labels as our_labels, theirs.labels as their_labels, ours.numbers as our_numbers, theirs.numbers as their_numbers
from (from production where $usable) as ours
join (from shadow where $usable) as theirs using ($key)
where not exists (from twice where twice.key = ours.$key);
