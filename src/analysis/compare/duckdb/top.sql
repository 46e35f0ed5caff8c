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

-- name: offsets_by_id
-- Where the records of a few pairs stand in their files.
select
  production.$key::varchar as key, production.moment::double as moment,
  production.file::double as production_file, production.byte_offset as production_byte_offset,
  shadow.file::double as shadow_file, shadow.byte_offset as shadow_byte_offset
from (from production where $key in ($keys) and place = 0) as production
join (from shadow where $key in ($keys) and place = 0) as shadow using ($key);

-- name: offsets_by_input
select
  production.input_id::varchar as key, production.moment::double as moment,
  production_file::double as production_file, production_byte_offset,
  shadow_file::double as shadow_file, shadow_byte_offset
from (from production where input_id in ($keys) and place = 0) as production
join matched on production.file = production_file and production.byte_offset = production_byte_offset;
