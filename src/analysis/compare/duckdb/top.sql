-- The pairs that differ most, and where their records stand.

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
  select input, max(distance) as distance, count(*)::double as times
  from scored where distance > 0 group by input order by distance desc, min(moment), input limit 10
)
select key::varchar as key, moment::double as moment, place::double as place, distance, times
from scored join furthest using (input, distance)
qualify row_number() over (partition by input order by moment, key, place) = 1
order by distance desc, moment, key;
