-- What leaves an engine about the rows of pairs, but for labels, numbers' curves, repeats and examples.

-- name: blocks
select
  cast(moment - moment % 60000 as double) as "at", cast(count(*) as double) as "rows",
  cast(count(*) filter (where production_label = shadow_label) as double) as agree,
  coalesce(sum(d), 0) as d, coalesce(sum(d * d), 0) as dd, coalesce(sum(abs(d)), 0) as "abs",
  cast(count(*) filter (where abs(d) > $tolerance) as double) as beyond,
  cast(count(*) filter (where $others) as double) as others,
  cast(count(others_apart) as double) as others_known
from compared group by 1 order by 1;

-- name: numbers
select
  cast(count(*) as double) as "rows",
  avg(production_number) as production_mean, stddev_samp(production_number) as production_deviation,
  min(production_number) as production_min, max(production_number) as production_max,
  avg(shadow_number) as shadow_mean, stddev_samp(shadow_number) as shadow_deviation,
  min(shadow_number) as shadow_min, max(shadow_number) as shadow_max,
  avg(d) as bias, stddev_samp(d) as deviation, avg(abs(d)) as mae, sqrt(avg(d * d)) as rmse,
  corr(production_number, shadow_number) as correlation
from compared where d is not null;

-- name: reference
-- How many of the shadow's numbers are less than each of these values, and no greater.
select
  cast(count(shadow_number) as double) as "rows",
  cast(count(*) filter (where shadow_number < edge) as double) as below,
  cast(count(*) filter (where shadow_number <= edge) as double) as up_to
from unnest($edges) with ordinality as edges(edge, i)
left join (select shadow_number from compared where d is not null) as numbers on true
group by i order by i;

-- name: reference_minutes
-- Minute by minute, how many numbers of the shadow are no greater than each of the reference's quartiles.
select
  block, cast(count(*) as double) as "rows",
  cast(count(*) filter (where shadow_number <= quartile) as double) as up_to
from unnest($quartiles) with ordinality as quartiles(quartile, i)
cross join (
  select cast(moment - moment % 60000 as double) as block, shadow_number from compared where d is not null
) as numbers
group by block, i order by block, i;

-- name: scatter
-- The same rows whenever it is asked: hashes are as good as chance.
select production_number as x, shadow_number as y
from compared where d is not null order by $lot, key limit 2000;
