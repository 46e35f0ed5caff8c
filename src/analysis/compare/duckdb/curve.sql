-- Both distribution functions over one axis, without sorting every row: counts per narrow bin give them exactly at the
-- edges of the bins, and only bins in which something asked for may lie are looked into.

-- name: steps
create or replace table step as
with side as (
  select
    least($bins - 1, floor((production_number - $low) / $width))::integer as bin, count(*) as p, 0 as q,
    min(production_number) as smallest, max(production_number) as largest, sum(production_number - $low) as along
  from compared where d is not null group by bin
  union all
  select
    least($bins - 1, floor((shadow_number - $low) / $width))::integer, 0, count(*),
    min(shadow_number), max(shadow_number), -sum(shadow_number - $low)
  from compared where d is not null group by 1
), counted as (
  select
    bin, sum(p)::double as p, sum(q)::double as q, min(smallest) as smallest, max(largest) as largest,
    -- How far production's values lie behind the bin's edge, less the shadow's.
    sum(along) - (sum(p) - sum(q)) * bin * $width as behind
  from side group by bin
)
select
  *, $low + bin * $width as edge, lead($low + bin * $width, 1, $high) over (order by bin) as next,
  coalesce(sum(p) over before, 0) as before_p, coalesce(sum(q) over before, 0) as before_q
from counted window before as (order by bin rows between unbounded preceding and 1 preceding);

-- name: fine
-- The values in bins in which the curves may lie furthest apart, or which hold a rank that is asked for: there value by
-- value how many of production's (p) and of the shadow's (q) are not larger. A bin holds a rank also where it lies
-- behind it, up to the next value: there the other side may have some.
create or replace table fine as
with curve as (
  select *, before_p - before_q as distance from step
), near as (
  select bin, before_p, before_q from curve
  where
    smallest < largest
      and greatest(abs(distance + p), abs(distance - q)) > (select max(abs(distance + p - q)) from curve)
    or list_bool_or(list_transform($production_ranks, lambda rank: before_p <= rank + 1 and before_p + p > rank))
    or list_bool_or(list_transform($shadow_ranks, lambda rank: before_q <= rank + 1 and before_q + q > rank))
), side as (
  select least($bins - 1, floor((production_number - $low) / $width))::integer as bin, production_number as x, 1 as p, 0 as q
  from compared where d is not null
  union all
  select least($bins - 1, floor((shadow_number - $low) / $width))::integer, shadow_number, 0, 1
  from compared where d is not null
), point as (
  select bin, x, sum(p)::double as p, sum(q)::double as q from side where bin in (select bin from near) group by bin, x
)
select x, before_p + sum(point.p) over up_to as p, before_q + sum(point.q) over up_to as q
from point join near using (bin) window up_to as (partition by bin order by x);

-- name: distances
with curve as (
  select *, before_p - before_q as before, before_p - before_q + p - q as distance from step
)
select
  greatest((select max(abs(distance)) from curve), coalesce((select max(abs(p - q)) from fine), 0)) / $rows as ks,
  -- Where all of a bin is one value the area is exact; else where the curves do not cross inside it.
  (select sum(
    if(
      smallest = largest,
      abs(before) * (smallest - edge) + abs(distance) * ($width - (smallest - edge)),
      abs(distance * $width - behind)
    )
    + abs(distance) * greatest(next - edge - $width, 0)) from curve) / $rows as wasserstein;

-- name: ranked
-- The values of these ranks, counted from zero: the smallest value with more than so many that are not larger.
select 'production' as side, rank::double as rank, min(x) as x
from (select unnest($production_ranks) as rank) join fine on p > rank group by rank
union all
select 'shadow', rank::double, min(x)
from (select unnest($shadow_ranks) as rank) join fine on q > rank group by rank;

-- name: below
-- How many of each side are not larger than these values.
select coalesce(max(p), 0) as production, coalesce(max(q), 0) as shadow
from (select unnest($edges) as edge, generate_subscripts($edges, 1) as i) left join fine on x <= edge
group by i order by i;

-- name: histogram
select (bin // $each)::integer as bin, sum(p) as production, sum(q) as shadow from step group by 1 order by 1;
