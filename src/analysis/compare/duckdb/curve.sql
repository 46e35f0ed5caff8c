-- Both distribution functions over one axis, without sorting every row: counts per narrow bin give them exactly at the
-- edges of the bins, and only bins in which something asked for may lie are looked into.
-- name: steps
create or replace table step as
with side as (
  select
    least($bins - 1, floor((our_number - $low) / $width))::integer as bin,
    count(*) as p, 0 as q, min(our_number) as least, max(our_number) as most, sum(our_number - $low) as along
  from compared where d is not null group by bin
  union all
  select
    least($bins - 1, floor((their_number - $low) / $width))::integer as bin,
    0, count(*), min(their_number), max(their_number), -sum(their_number - $low)
  from compared where d is not null group by bin
), counted as (
  select
    bin, sum(p)::double as p, sum(q)::double as q, min(least) as least, max(most) as most,
    -- How far production's values lie behind the bin's edge, less the shadow's.
    sum(along) - (sum(p) - sum(q)) * bin * $width as behind
  from side group by bin
)
select
  *, $low + bin * $width as edge, lead($low + bin * $width, 1, $high) over (order by bin) as next,
  coalesce(sum(p) over before, 0) as before_p, coalesce(sum(q) over before, 0) as before_q
from counted window before as (order by bin rows between unbounded preceding and 1 preceding);
-- name: near
create or replace table near as
with curve as (select *, before_p - before_q as apart from step)
select bin, before_p, before_q from curve
where least < most and greatest(abs(apart + p), abs(apart - q)) > (select max(abs(apart + p - q)) from curve) or $ranked;
-- name: fine
create or replace table fine as
with side as (
  select least($bins - 1, floor((our_number - $low) / $width))::integer as bin, our_number as x, 1 as p, 0 as q
  from compared where d is not null
  union all
  select least($bins - 1, floor((their_number - $low) / $width))::integer, their_number, 0, 1 from compared where d is not null
), point as (
  select bin, x, sum(p)::double as p, sum(q)::double as q from side where bin in (select bin from near) group by bin, x
)
select x, before_p + sum(point.p) over up_to as p, before_q + sum(point.q) over up_to as q
from point join near using (bin) window up_to as (partition by bin order by x);
-- name: curve
with curve as (select *, before_p - before_q as before, before_p - before_q + p - q as apart from step)
select
  greatest((select max(abs(apart)) from curve), coalesce((select max(abs(p - q)) from fine), 0)) / $rows as ks,
  -- Where all of a bin is one value the area is exact; else where the curves do not cross inside it.
  (select sum(
    if(least = most, abs(before) * (least - edge) + abs(apart) * ($width - (least - edge)), abs(apart * $width - behind))
    + abs(apart) * greatest(next - edge - $width, 0)) from curve) / $rows as wasserstein,
  [$ours]::double[] as ours, [$theirs]::double[] as theirs
from fine;
-- name: below
select [$ours]::double[] as production, [$theirs]::double[] as shadow from fine;
-- name: histogram
select (bin // $each)::integer as bin, sum(p) as production, sum(q) as shadow from step group by 1 order by 1;
