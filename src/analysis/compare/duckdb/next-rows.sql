-- Rows whose labels decide most.

-- name: next_rows
-- The first rows without a label, as ../memory/next-rows.ts orders them: within a stratum by lot, and strata by turns, as
-- often as they have shares in what may be lost. Strata are production's classes where the labels differ, and how the
-- shadow's number lies to production's.
with candidate as (
  select
    key, moment, place, truth is not null as labelled,
    md5(key::varchar || '#' || place::varchar || ' ' || moment::bigint::varchar) as lot,
    case
      when labels and production_label != shadow_label then if($classes, production_label, '$others')
      when not labels and abs(d) > $tolerance then if(d > 0, 'above', 'below')
      when not labels and d is not null then 'equal'
    end as stratum,
    if(labels, 1, abs(d)) as weight
  from (select *, production_label is not null and shadow_label is not null as labels from compared)
), commonest as (
  select stratum from candidate where stratum is not null
  group by stratum order by count(*) desc, try_cast(stratum as double) nulls last, stratum limit $kept
), named as (
  select * replace (if(stratum in (from commonest), stratum, '$others') as stratum)
  from candidate where stratum is not null
), ranked as (
  select
    *, row_number() over (partition by stratum order by lot, place) - 0.5 as rank,
    sum(weight) over (partition by stratum) as size, sum(weight) over () as whole
  from named
)
select key::varchar as key, moment::double as moment, place::double as place
from ranked where size > 0 and not labelled
order by rank / greatest(size, whole * $least_share), lot limit $most;
