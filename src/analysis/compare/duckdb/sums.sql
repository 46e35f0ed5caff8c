-- Everything that leaves the engine about the pairs, one statement after the other.
-- name: blocks
select
  ((moment // 60000) * 60000)::double as at, count(*)::double as rows,
  count(*) filter (our_label = their_label)::double as agree,
  coalesce(sum(d), 0) as d, coalesce(sum(d * d), 0) as dd, coalesce(sum(abs(d)), 0) as abs,
  count(*) filter (abs(d) > $tolerance)::double as beyond
from compared group by 1 order by 1;
-- name: judged
select
  ((moment // 60000) * 60000)::double as at, count(*)::double as truth,
  count(*) filter (only_production)::double as "onlyProduction", count(*) filter (only_shadow)::double as "onlyShadow",
  coalesce(sum(loss), 0) as loss, coalesce(sum(loss * loss), 0) as "lossSquared"
from told group by 1;
-- name: numbers
select
  count(*)::double as rows,
  avg(our_number) as our_mean, stddev_samp(our_number) as our_deviation,
  avg(their_number) as their_mean, stddev_samp(their_number) as their_deviation,
  min(our_number) as our_min, max(our_number) as our_max, min(their_number) as their_min, max(their_number) as their_max,
  avg(d) as bias, stddev_samp(d) as deviation, avg(abs(d)) as mae, sqrt(avg(d * d)) as rmse,
  corr(our_number, their_number) as correlation
from compared where d is not null;
-- name: beyond
select count(*)::double as n from compared where abs(d) > $tolerance;
-- name: scatter
select our_number as x, their_number as y from compared where d is not null order by hash(key, place), key limit 2000;
-- name: truth
select
  count(*)::double as rows,
  count(*) filter (classes)::double as labelled,
  count(*) filter (classes and our_right)::double as production,
  count(*) filter (classes and their_right)::double as shadow,
  count(*) filter (only_production)::double as "onlyProduction",
  count(*) filter (only_shadow)::double as "onlyShadow",
  avg(abs(our_number - truth_number)) filter (loss is not null) as "maeProduction",
  avg(abs(their_number - truth_number)) filter (loss is not null) as "maeShadow",
  stddev_samp(loss) as "lossDeviation"
from told;
-- name: skew_by_id
-- Ids are hashes: every so-manieth is a sample.
select median(theirs.moment - ours.moment)::double as n
from (from production where $key % $each = 0 and place = 0) as ours
join (from shadow where $key % $each = 0 and place = 0) as theirs using ($key);
-- name: skew_by_input
with ours as (select input_id, min(moment) as moment from lone_production group by input_id having count(*) = 1),
theirs as (select input_id, min(moment) as moment from lone_shadow group by input_id having count(*) = 1)
select median(theirs.moment - ours.moment)::double as n from ours join theirs using (input_id);
-- name: twice
select ((select count(*) from twice_production) + (select count(*) from twice_shadow))::double as n;
-- name: ambiguous
select coalesce(sum(n), 0)::double as n from twice_$side;
-- name: answers
-- Numbers are told apart as numbers: as text they would cost ten times as much.
select count(*)::double as kinds, max(n)::double as n, arg_max(coalesce(label, number::varchar, 'undefined'), n) as answer
from (
  select label, number, count(*) as n
  from (select $label as label, if($label is null, number, null) as number from $side) group by label, number
);
-- name: different
select count(*) filter (place = 0)::double as pairs, count(*) filter (place = 0 and not same)::double as different from cell;
