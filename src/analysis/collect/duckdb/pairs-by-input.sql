-- Pairs by equal input at about the same time: each record alone with its input for ten seconds on its own side.
create temp table pair as
with ours as (
  select *, moment - lag(moment) over w as before, lead(moment) over w - moment as after
  from production where $usable and input_id is not null window w as (partition by input_id order by moment)
), theirs as (
  select *, moment - lag(moment) over w as before, lead(moment) over w - moment as after
  from shadow where $usable and input_id is not null window w as (partition by input_id order by moment)
)
select
  ours.input_id as key, ours.moment, ours.inference_id, ours.feature_id, ours.file_id, ours.row_inputs,
  ours.labels as our_labels, theirs.labels as their_labels, ours.numbers as our_numbers, theirs.numbers as their_numbers
from ours join theirs on ours.input_id = theirs.input_id and abs(ours.moment - theirs.moment) <= 5000
where coalesce(ours.before, 10001) > 10000 and coalesce(ours.after, 10001) > 10000
  and coalesce(theirs.before, 10001) > 10000 and coalesce(theirs.after, 10001) > 10000;
