-- What only this engine asks: of keys and sides.

-- name: keyed
-- Share of the answers of each side that carry the key, the smaller of the two.
select least(
  (select count($key) filter (place = 0) / nullif(count(*) filter (place = 0), 0)::double from production),
  (select count($key) filter (place = 0) / nullif(count(*) filter (place = 0), 0)::double from shadow)
) as share;

-- name: skew_by_id
-- Median of the shadow's time less production's, of some thousand requests: ids are hashes, so that every n-th of them
-- is a sample.
select median(shadow.moment - production.moment)::double as skew
from (select $key, moment from production where $key % $each = 0 and place = 0) as production
join (select $key, moment from shadow where $key % $each = 0 and place = 0) as shadow using ($key)
where $key not in (select key from duplicate_production) and $key not in (select key from duplicate_shadow);

-- name: skew_by_input
-- The same of inputs that occur once on each side.
with production as (select input_id, min(moment) as moment from request_production group by 1 having count(*) = 1),
shadow as (select input_id, min(moment) as moment from request_shadow group by 1 having count(*) = 1)
select median(shadow.moment - production.moment)::double as skew from production join shadow using (input_id);

-- name: answers
-- Of each side how many answers differ, and the one that comes most. Numbers are told apart as numbers: as text they
-- would cost ten times as much.
with production_answers as (
  select label, if(label is null, number, null) as number, count(*) as n from production group by 1, 2
), shadow_answers as (
  select label, if(label is null, number, null) as number, count(*) as n from shadow group by 1, 2
)
select
  'production' as side, ((select coalesce(sum(n), 0) from duplicate_production) - (select count(*) from retry))::double as ambiguous,
  count(*)::double as kinds, max(n)::double as n, arg_max(coalesce(label, number::varchar, 'undefined'), n) as answer
from production_answers
union all
select
  'shadow', ((select coalesce(sum(n), 0) from duplicate_shadow) - (select count(*) from retry))::double,
  count(*)::double, max(n)::double, arg_max(coalesce(label, number::varchar, 'undefined'), n)
from shadow_answers;
