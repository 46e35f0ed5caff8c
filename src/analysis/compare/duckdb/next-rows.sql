-- Rows whose labels decide most.

-- name: next_rows
-- The first rows without a label, as ../memory/next-rows.ts orders them: within a stratum by lot, and strata by turns, as
-- often as they have shares in what may be lost. Strata are production's classes where the labels differ and where they
-- agree, and how the shadow's number lies to production's. Rows on which labels agree weigh together a part of those that
-- differ.
with candidate as (
  select
    key, moment, place, told_label is not null as labelled, labels and production_label = shadow_label as agree,
    labels and production_label != shadow_label as differ,
    md5(key::varchar || '#' || place::varchar || ' ' || moment::bigint::varchar) as lot,
    case
      when agree and $classes then 'agree ' || production_label
      when differ then 'differ ' || if($classes, production_label, '$others')
      when not labels and abs(d) > $tolerance then if(d > 0, 'above', 'below')
      when not labels and d is not null then 'equal'
    end as stratum,
    abs(d) as apart
  from (select *, production_label is not null and shadow_label is not null as labels from compared)
), commonest as (
  select stratum from candidate where stratum is not null group by stratum order by count(*) desc, stratum limit $kept
), named as (
  select
    * replace (if(stratum in (from commonest), stratum, if(agree, 'agree $others', 'differ $others')) as stratum),
    case
      when agree then $agreeing * (count(*) filter (differ) over ()) / (count(*) filter (agree) over ())
      when differ then 1
      else apart
    end as weight
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
