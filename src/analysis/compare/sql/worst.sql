-- The pairs that differ most.

-- name: worst
-- Ten inputs, each with its worst row: a repeated input would fill the list with itself. Different labels are further
-- apart than any scores of equal ones.
with scored as (
  select
    input, key, moment, place,
    case
      when production_label is null or shadow_label is null then abs(d)
      when production_label = shadow_label then 0
      else 1 + coalesce(score_distance, abs(d), 0)
    end as distance
  from compared
), furthest as (
  select input, max(distance) as largest, cast(count(*) as double) as times
  from scored where distance > 0 group by input order by largest desc, min(moment), input limit 10
), first as (
  select
    key, moment, place, scored.distance as distance, times,
    row_number() over (partition by scored.input order by moment, key, place) as nth
  from scored join furthest on furthest.input = scored.input and furthest.largest = scored.distance
)
select
  cast(key as varchar) as key, cast(moment as double) as moment, cast(place as double) as place, distance, times
from first where nth = 1 order by distance desc, moment, key;
