-- Both distribution functions over one axis, without sorting every row: counts per narrow bin give them exactly at the
-- edges of the bins, and only bins in which something asked for may lie are looked into.

-- name: steps
with side as (
  select
    least($bins - 1, cast(floor((production_number - $low) / $width) as integer)) as bin, count(*) as p, 0 as q,
    min(production_number) as smallest, max(production_number) as largest, sum(production_number - $low) as along
  from compared where d is not null group by 1
  union all
  select
    least($bins - 1, cast(floor((shadow_number - $low) / $width) as integer)), 0, count(*),
    min(shadow_number), max(shadow_number), -sum(shadow_number - $low)
  from compared where d is not null group by 1
), counted as (
  select
    bin, cast(sum(p) as double) as p, cast(sum(q) as double) as q, min(smallest) as smallest, max(largest) as largest,
    -- How far production's values lie behind the bin's edge, less the shadow's.
    sum(along) - cast(sum(p) - sum(q) as double) * bin * $width as behind
  from side group by bin
)
select
  bin, p, q, smallest, largest, behind, $low + bin * $width as edge,
  lead($low + bin * $width, 1, $high) over (order by bin) as following,
  coalesce(sum(p) over (order by bin rows between unbounded preceding and 1 preceding), 0) as before_p,
  coalesce(sum(q) over (order by bin rows between unbounded preceding and 1 preceding), 0) as before_q
from counted;

-- name: fine
-- The values in bins in which the curves may lie furthest apart, or which hold a rank that is asked for: there value by
-- value how many of production's (p) and of the shadow's (q) are not larger. A bin holds a rank also where it lies
-- behind it, up to the next value: there the other side may have some.
with furthest as (
  select max(abs(before_p - before_q + p - q)) as most from step
), near as (
  select bin, before_p, before_q from step
  where
    smallest < largest
      and greatest(abs(before_p - before_q + p), abs(before_p - before_q - q)) > (select most from furthest)
    or $holds_rank
), side as (
  select least($bins - 1, cast(floor((production_number - $low) / $width) as integer)) as bin, production_number as x, 1 as p, 0 as q
  from compared where d is not null
  union all
  select least($bins - 1, cast(floor((shadow_number - $low) / $width) as integer)), shadow_number, 0, 1
  from compared where d is not null
), point as (
  select bin, x, cast(sum(p) as double) as p, cast(sum(q) as double) as q
  from side where bin in (select bin from near) group by bin, x
)
select
  x, before_p + sum(point.p) over (partition by point.bin order by x) as p,
  before_q + sum(point.q) over (partition by point.bin order by x) as q
from point join near on near.bin = point.bin;

-- name: distances
with curve as (
  select
    smallest, largest, edge, following, behind,
    before_p - before_q as before_distance, before_p - before_q + p - q as distance
  from step
)
select
  greatest((select max(abs(distance)) from curve), coalesce((select max(abs(p - q)) from fine), 0)) / $rows as ks,
  -- Where all of a bin is one value the area is exact; else where the curves do not cross inside it.
  (select sum(
    case
      when smallest = largest
        then abs(before_distance) * (smallest - edge) + abs(distance) * ($width - (smallest - edge))
      else abs(distance * $width - behind)
    end
    + abs(distance) * greatest(following - edge - $width, 0)) from curve) / $rows as wasserstein;

-- name: ranked
-- The values of these ranks, counted from zero: the smallest value with more than so many that are not larger.
select 'production' as side, place as "rank", min(x) as x
from unnest($production_ranks) as ranks(place) join fine on p > place group by place
union all
select 'shadow', place, min(x)
from unnest($shadow_ranks) as ranks(place) join fine on q > place group by place;

-- name: below
-- How many of each side are not larger than these values.
select coalesce(max(p), 0) as production, coalesce(max(q), 0) as shadow
from unnest($edges) with ordinality as edges(edge, i) left join fine on x <= edge
group by i order by i;

-- name: histogram
select cast((bin - bin % $each) / $each as integer) as bin, sum(p) as production, sum(q) as shadow
from step group by 1 order by 1;
