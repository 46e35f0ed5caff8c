-- Both models against labels. A cell has what is known of its row: told_label, as its class (told_name) and as a number
-- (told_number), and when the label came (told_at); and of probabilities of all classes what their Brier scores may differ
-- by (half of it: score_apart) and by the label do (production_brier, shadow_brier).

-- name: last
select cast(max(moment) as double) as moment from cell;

-- name: ripe
-- Rows that are old enough to be compared with labels; labels that came later than at this age are none.
select
  compared.*,
  case when $late then null else told_label end as truth,
  case when $late then null else told_name end as truth_name,
  case when $late then null else told_number end as truth_number,
  case when $late then null else production_brier end as production_squares,
  case when $late then null else shadow_brier end as shadow_squares
from compared where not $young;

-- name: ages
select
  cast(count(*) filter (where $young) as double) as young,
  cast(count(*) filter (where $young and told_label is not null) as double) as "youngLabels",
  cast(count(*) filter (where not $young and told_label is not null and $late) as double) as late
from compared;

-- name: delays
-- How many labels came so many minutes after their request, or sooner.
select $counts from compared where told_label is not null;

-- name: with_truth
-- Rows of which the truth is known: both models said a class, or both a number that can be held against it; with what
-- their mistakes cost.
with known as (
  select
    ripe.*, production_label is not null and shadow_label is not null as classes,
    $production_right as production_right, $shadow_right as shadow_right,
    case
      when production_label is null or shadow_label is null
        then abs(shadow_number - truth_number) - abs(production_number - truth_number)
    end as loss
  from ripe where truth is not null
), priced as (
  select known.*, case when classes then $production_price end as production_cost, case when classes then $shadow_price end as shadow_cost
  from known where classes or loss is not null
)
select
  priced.*, classes and production_right and not shadow_right as only_production,
  classes and shadow_right and not production_right as only_shadow,
  coalesce(shadow_cost - production_cost, 0) as cost
from priced;

-- name: label_loss
-- What the shadow loses by the label of a row more than production (loss), and what production loses (own).
select
  key, moment, place,
  case when classes then $loss else loss end as loss,
  case when classes then $own else abs(production_number - truth_number) end as own
from with_truth;

-- name: blocks
select
  cast(moment - moment % 60000 as double) as "at", cast(count(*) as double) as truth,
  cast(count(*) filter (where only_production) as double) as "onlyProduction",
  cast(count(*) filter (where only_shadow) as double) as "onlyShadow",
  coalesce(sum(loss), 0) as loss, coalesce(sum(loss * loss), 0) as "lossSquared",
  coalesce(sum(
    case when loss is not null then
      (shadow_number - truth_number) * (shadow_number - truth_number) - (production_number - truth_number) * (production_number - truth_number)
    end
  ), 0) as "squaredLoss",
  cast(coalesce(sum(cost), 0) as double) as cost
from with_truth group by 1;

-- name: truth
select
  cast(count(*) as double) as "rows",
  cast(count(*) filter (where classes) as double) as labelled,
  cast(count(*) filter (where classes and production_right) as double) as production,
  cast(count(*) filter (where classes and shadow_right) as double) as shadow,
  cast(count(*) filter (where only_production) as double) as "onlyProduction",
  cast(count(*) filter (where only_shadow) as double) as "onlyShadow",
  avg(abs(production_number - truth_number)) filter (where loss is not null) as "maeProduction",
  avg(abs(shadow_number - truth_number)) filter (where loss is not null) as "maeShadow",
  stddev_samp(loss) as "lossDeviation"
from with_truth;

-- name: strata
-- All rows with labels of both, by production's class and by whether the shadow gives another; the classes in which they
-- differ most often, and the rest together.
with judged as (
  select
    case when $classes then production_label else '$others' end as class, production_label <> shadow_label as differ,
    truth, $production_right as production_right, $shadow_right as shadow_right
  from ripe where production_label is not null and shadow_label is not null
), stratum as (
  select
    class, differ, count(*) as n, count(truth) as labelled,
    count(*) filter (where production_right and not shadow_right) as only_production,
    count(*) filter (where shadow_right and not production_right) as only_shadow
  from judged group by 1, 2
), commonest as (
  select class from stratum group by class
  order by coalesce(sum(n) filter (where differ), 0) desc, sum(n) desc, try_cast(class as double) nulls last, class
  limit $most
)
select
  coalesce(commonest.class, '$others') as production, differ,
  cast(sum(n) as double) as "rows", cast(sum(labelled) as double) as labelled,
  cast(sum(only_production) as double) as "onlyProduction", cast(sum(only_shadow) as double) as "onlyShadow"
from stratum left join commonest on commonest.class = stratum.class group by 1, 2;

-- name: cells
-- Rows with a label by stratum and by what was really the case: the commonest labels, and the rest together.
with named as (
  select
    case when production_label in ($names) then production_label else '$others' end as production,
    production_label <> shadow_label as differ, truth_name as truth, production_right, shadow_right
  from with_truth where classes
), told as (
  select
    production, differ, truth, count(*) as n, count(*) filter (where production_right) as production_n,
    count(*) filter (where shadow_right) as shadow_n
  from named group by 1, 2, 3
), commonest as (
  select truth from told group by truth
  order by sum(n) desc, try_cast(truth as double) nulls last, truth limit $most
)
select
  production, differ, coalesce(commonest.truth, '$others') as truth,
  cast(sum(n) as double) as "rows", cast(sum(production_n) as double) as "right", cast(sum(shadow_n) as double) as "shadowRight"
from told left join commonest on commonest.truth = told.truth group by 1, 2, 3;

-- name: outcomes
-- Rows with a label by both answers and by what was really the case; the commonest, and the number of all others.
with outcome as (
  select production_label as production, shadow_label as shadow, truth_name as truth, count(*) as n
  from with_truth where classes group by 1, 2, 3
)
select production, shadow, truth, cast(n as double) as "rows", cast(sum(n) over () as double) as whole
from outcome order by n desc, production, shadow, truth limit $most;

-- name: bands
-- All rows with numbers and no labels, by how the shadow's number lies to production's; of those with a number for truth
-- what each model is off by, absolutely and squared.
with off as (
  select
    case when abs(d) > $tolerance then case when d > 0 then 'above' else 'below' end else 'equal' end as band,
    abs(d) as apart, truth_number, production_number - truth_number as p, shadow_number - truth_number as s
  from ripe where d is not null and (production_label is null or shadow_label is null)
)
select
  band, cast(count(*) as double) as "rows", sum(apart) as apart, cast(count(truth_number) as double) as labelled,
  sum(apart * apart) as "apartSquared", coalesce(sum(case when truth_number is not null then apart end), 0) as "labelledApart",
  $error, $squared
from off group by band;

-- name: fit
-- How numbers and labels lie to each other.
select
  cast(count(*) as double) as "rows", coalesce(sum(truth_number), 0) as truth,
  coalesce(sum(truth_number * truth_number), 0) as "truthSquared",
  coalesce(sum(production_number), 0) as production, coalesce(sum(production_number * production_number), 0) as "productionSquared",
  coalesce(sum(production_number * truth_number), 0) as "productionTruth",
  coalesce(sum(shadow_number), 0) as shadow, coalesce(sum(shadow_number * shadow_number), 0) as "shadowSquared",
  coalesce(sum(shadow_number * truth_number), 0) as "shadowTruth"
from with_truth where loss is not null;

-- name: usable
-- Whether all answers are probabilities of all classes.
select cast(count(*) as double) as "rows", cast(count(score_apart) as double) as usable
from ripe where production_label is not null and shadow_label is not null;

-- name: scores
with off as (
  select
    case when production_label <> shadow_label then 'differ' else 'agree' end as band, score_apart,
    production_squares as p, shadow_squares as s
  from ripe where production_label is not null and shadow_label is not null
)
select
  band, cast(count(*) as double) as "rows", sum(score_apart) as apart, cast(count(p) as double) as labelled, $squared
from off group by band;

-- name: score_minutes
select cast(moment - moment % 60000 as double) as "at", sum(shadow_squares - production_squares) as loss
from ripe where production_label is not null and shadow_label is not null and production_squares is not null group by 1;

-- name: curves
-- Area under the curve: the mean rank of the rows with label 1 among all with label 0 or 1, ties counting half.
with ranked as (
  select
    truth_number as y,
    rank() over (order by production_number) + cast(count(*) over (partition by production_number) - 1 as double) / 2 as p,
    rank() over (order by shadow_number) + cast(count(*) over (partition by shadow_number) - 1 as double) / 2 as s
  from with_truth where loss is not null and truth_number in (0, 1)
), counted as (
  select
    cast(count(*) as double) as n, coalesce(sum(y), 0) as ones,
    sum(p) filter (where y = 1) as p, sum(s) filter (where y = 1) as s
  from ranked
)
select
  n as "rows", ones,
  (p - ones * (ones + 1) / 2) / nullif(ones * (n - ones), 0) as production,
  (s - ones * (ones + 1) / 2) / nullif(ones * (n - ones), 0) as shadow
from counted;
