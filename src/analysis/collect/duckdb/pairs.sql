-- Pairs by an id that both records carry. An id that occurs twice on a side belongs to nobody.
create temp table pair as
with ours as (
  select $key as key, any_value(moment) as moment, any_value(labels) as labels, any_value(numbers) as numbers,
    any_value(inference_id) as inference_id, any_value(feature_id) as feature_id
  from production where $usable and $key is not null group by 1 having count(*) = 1
), theirs as (
  select $key as key, any_value(labels) as labels, any_value(numbers) as numbers
  from shadow where $usable and $key is not null group by 1 having count(*) = 1
)
select
  ours.key, ours.moment, ours.inference_id, ours.feature_id,
  ours.labels as our_labels, theirs.labels as their_labels, ours.numbers as our_numbers, theirs.numbers as their_numbers
from ours join theirs using (key);
