-- name: worst
-- Ten inputs, each with its worst row: a repeated input would fill the list with itself.
with apart_by as (
  select input, key, moment, place, case when our_label is not null and their_label is not null
    then if(our_label = their_label, 0, 1 + apart) else abs(d) end as distance
  from compared
), furthest as (
  select input, max(distance) as distance, count(*)::double as times
  from apart_by where distance > 0 group by input order by distance desc, min(moment), input limit 10
)
select key::varchar as key, moment::double as moment, place::double as place, distance, times
from apart_by join furthest using (input, distance)
qualify row_number() over (partition by input order by moment, key, place) = 1
order by distance desc, moment, key;
-- name: spots_by_id
-- Where the records of a few pairs stand.
select
  ours.$key::varchar as key, ours.moment::double as moment,
  ours.file::double as our_file, ours.spot as our_at, theirs.file::double as their_file, theirs.spot as their_at
from (from production where $key in ($keys) and place = 0) as ours
join (from shadow where $key in ($keys) and place = 0) as theirs using ($key);
-- name: spots_by_input
select
  ours.input_id::varchar as key, ours.moment::double as moment, our_file::double as our_file, our_at,
  their_file::double as their_file, their_at
from (from production where input_id in ($keys) and place = 0) as ours
join matched on ours.file = our_file and ours.spot = our_at;
