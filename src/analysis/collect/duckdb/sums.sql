-- Everything that leaves the engine about the pairs, one statement after the other.
-- name: blocks
select
  ((moment // 60000) * 60000)::double as at, count(*)::double as rows,
  count(*) filter (our_label = their_label)::double as agree,
  coalesce(sum(d), 0) as d, coalesce(sum(d * d), 0) as dd, coalesce(sum(abs(d)), 0) as abs,
  count(*) filter (abs(d) > $tolerance)::double as beyond
  $judged
from compared group by 1 order by 1;
-- name: inputs
select count(distinct input)::double as inputs, count(*) filter (known_input)::double as known from compared;
-- name: repeats
-- What a design effect is made of: rows and a value, summed input by input.
select
  count(*)::double as inputs, sum(n) as rows, sum(n * n) as "rowsSquared", sum(x) as sum, sum(x * x) as "sumSquared",
  sum(x * n) as cross, sum(x * x / n) as between, sum(q) as squares
from (
  select count(*)::double as n, sum(value)::double as x, sum(value * value)::double as q
  from (select input, ($value)::double as value from compared where $of) group by input
);
-- name: labels
select our_label as ours, their_label as theirs, count(*)::double as count
from compared where our_label is not null and their_label is not null
group by all order by count desc, ours, theirs limit 100000;
-- name: agreement
select count(*)::double as rows, count(*) filter (our_label = their_label)::double as agree
from compared where our_label is not null and their_label is not null;
-- name: numbers
select
  count(*)::double as rows,
  avg(our_number) as our_mean, stddev_samp(our_number) as our_deviation,
  avg(their_number) as their_mean, stddev_samp(their_number) as their_deviation,
  quantile_cont(our_number, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]) as our_deciles,
  quantile_cont(their_number, [0.1, 0.5, 0.9]) as their_quantiles,
  min(our_number) as our_min, max(our_number) as our_max, min(their_number) as their_min, max(their_number) as their_max,
  avg(d) as bias, stddev_samp(d) as deviation, avg(abs(d)) as mae, sqrt(avg(d * d)) as rmse,
  corr(our_number, their_number) as correlation
from compared where d is not null;
-- name: distances
with side as (
  select our_number as x, 1 as p, 0 as q from compared where d is not null
  union all
  select their_number, 0, 1 from compared where d is not null
), curve as (
  -- The window takes equal values together, so a step of the curve is as high as it must be.
  select lead(x) over w - x as gap, sum(p - q) over w / (select count(*) from compared where d is not null) as apart from side window w as (order by x)
)
select max(abs(apart)) as ks, sum(abs(apart) * gap) as wasserstein from curve;
-- name: histogram
select
  if($width > 0, least($bins - 1, floor((x - $low) / $width)), 0)::integer as bin, sum(p)::double as production, sum(q)::double as shadow
from (
  select our_number as x, 1 as p, 0 as q from compared where d is not null
  union all
  select their_number, 0, 1 from compared where d is not null
) group by 1 order by 1;
-- name: deciles
select [$ours]::double[] as production, [$theirs]::double[] as shadow from compared where d is not null;
-- name: beyond
select count(*)::double as n from compared where abs(d) > $tolerance;
-- name: scatter
select our_number as x, their_number as y from compared where d is not null order by hash(key, place), key limit 2000;
-- name: top
-- Ten inputs, each with its worst row: a repeated input would fill the list with itself.
with apart_by as (
  select *, case when our_label is not null and their_label is not null
    then if(our_label = their_label, 0, 1 + apart) else abs(d) end as distance
  from compared
), worst as (
  select input, max(distance) as furthest, count(*)::double as times
  from apart_by where distance > 0 group by input order by furthest desc, min(moment), input limit 10
)
select
  our_file::double as our_file, our_at, their_file::double as their_file, their_at,
  moment::double as moment, place::double as place, distance, times
from apart_by join worst using (input) where distance = furthest
qualify row_number() over (partition by input order by moment, key, place) = 1
order by distance desc, moment, key limit 10;
-- name: truth
select
  count(*)::double as rows,
  count(*) filter (our_label is not null)::double as labelled,
  count(*) filter (our_label = truth or try_cast(our_label as double) = try_cast(truth as double))::double as production,
  count(*) filter (their_label = truth or try_cast(their_label as double) = try_cast(truth as double))::double as shadow,
  count(*) filter ((our_label = truth or try_cast(our_label as double) = try_cast(truth as double))
    and not coalesce(their_label = truth or try_cast(their_label as double) = try_cast(truth as double), false))::double as "onlyProduction",
  count(*) filter ((their_label = truth or try_cast(their_label as double) = try_cast(truth as double))
    and not coalesce(our_label = truth or try_cast(our_label as double) = try_cast(truth as double), false))::double as "onlyShadow",
  avg(abs(our_number - try_cast(truth as double))) as "maeProduction",
  avg(abs(their_number - try_cast(truth as double))) as "maeShadow",
  stddev_samp(abs(their_number - try_cast(truth as double)) - abs(our_number - try_cast(truth as double))) as "lossDeviation"
from compared where truth is not null;
-- name: ambiguous
select coalesce(sum(n), 0)::double as n from twice_$side;
-- name: answers
select answer, count(*)::double as n from (
  select coalesce($label, number::varchar, 'undefined') as answer from $side
) group by 1 order by n desc, answer limit 10000;
-- name: pairs
select count(*)::double as n from joined where place = 0;
-- name: different
select count(*) filter (place = 0)::double as pairs, count(*) filter (place = 0 and not same)::double as different from cell;
