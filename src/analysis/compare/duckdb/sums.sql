-- What only this engine asks: of keys and sides, and of labels.

-- name: keyed
-- Share of the answers of each side that carry the key, the smaller of the two.
select least(
  (select count($key) filter (place = 0) / nullif(count(*) filter (place = 0), 0)::double from production),
  (select count($key) filter (place = 0) / nullif(count(*) filter (place = 0), 0)::double from shadow)
) as share;

-- name: ripe
-- Rows that are old enough to be compared with labels; labels that came later than at this age are none.
create or replace view ripe as
select * replace (if($late, null, truth) as truth, if($late, null, truth_number) as truth_number)
from compared where not $young;

-- name: ages
select
  count(*) filter ($young)::double as young, count(*) filter ($young and truth is not null)::double as "youngLabels",
  count(*) filter (not $young and truth is not null and $late)::double as late
from compared;

-- name: delays
-- How many labels came so many minutes after their request, or sooner.
select
  minutes::double as minutes,
  (select count(*) from compared where truth is not null and truth_at - moment <= minutes::double * 60000)::double as labels
from (select unnest($steps) as minutes) order by minutes;

-- name: with_truth
-- Rows of which the truth is known: both models said a class, or both a number that can be held against it. 2 and
-- 2.0 are one class, and so are true and True, as JSON and Python write it.
create or replace macro same_truth(label, truth, truth_number) as coalesce(
  label = truth or try_cast(label as double) = truth_number
    or (lower(truth) in ('true', 'false') and lower(label) = lower(truth)),
  false
);

create or replace view with_truth as
select
  *,
  classes and production_right and not shadow_right as only_production,
  classes and shadow_right and not production_right as only_shadow
from (
  select
    *,
    production_label is not null and shadow_label is not null as classes,
    same_truth(production_label, truth, truth_number) as production_right,
    same_truth(shadow_label, truth, truth_number) as shadow_right,
    if(
      production_label is null or shadow_label is null,
      abs(shadow_number - truth_number) - abs(production_number - truth_number),
      null
    ) as loss,
    if(
      production_label is null or shadow_label is null,
      0,
      price(class_name(truth), class_name(shadow_label)) - price(class_name(truth), class_name(production_label))
    ) as cost
  from ripe where truth is not null
)
where classes or loss is not null;

-- name: truth_blocks
select
  ((moment // 60000) * 60000)::double as at, count(*)::double as truth,
  count(*) filter (only_production)::double as "onlyProduction", count(*) filter (only_shadow)::double as "onlyShadow",
  coalesce(sum(loss), 0) as loss, coalesce(sum(loss * loss), 0) as "lossSquared",
  coalesce(sum(
    if(loss is null, null, (shadow_number - truth_number) ** 2 - (production_number - truth_number) ** 2)
  ), 0) as "squaredLoss",
  coalesce(sum(cost), 0)::double as cost
from with_truth group by 1;

-- name: truth
select
  count(*)::double as rows,
  count(*) filter (classes)::double as labelled,
  count(*) filter (classes and production_right)::double as production,
  count(*) filter (classes and shadow_right)::double as shadow,
  count(*) filter (only_production)::double as "onlyProduction",
  count(*) filter (only_shadow)::double as "onlyShadow",
  avg(abs(production_number - truth_number)) filter (loss is not null) as "maeProduction",
  avg(abs(shadow_number - truth_number)) filter (loss is not null) as "maeShadow",
  stddev_samp(loss) as "lossDeviation"
from with_truth;

-- name: truth_strata
-- All rows with labels of both, by production's class and by whether the shadow gives another; the classes in which they
-- differ most often, and the rest together.
with stratum as (
  select
    if($classes, production_label, '$others') as class, production_label != shadow_label as differ,
    count(*) as rows, count(truth) as labelled,
    count(*) filter (production_right and not shadow_right) as only_production,
    count(*) filter (shadow_right and not production_right) as only_shadow
  from (
    select
      *,
      truth is not null and same_truth(production_label, truth, truth_number) as production_right,
      truth is not null and same_truth(shadow_label, truth, truth_number) as shadow_right
    from ripe where production_label is not null and shadow_label is not null
  )
  group by 1, 2
), commonest as (
  select class from stratum group by class
  order by coalesce(sum(rows) filter (differ), 0) desc, sum(rows) desc, try_cast(class as double) nulls last, class
  limit $most
)
select
  if(class in (from commonest), class, '$others') as production, differ,
  sum(rows)::double as rows, sum(labelled)::double as labelled,
  sum(only_production)::double as "onlyProduction", sum(only_shadow)::double as "onlyShadow"
from stratum group by 1, 2;

-- name: class_name
-- One name for a class that is written in several ways.
create or replace macro class_name(label) as case
  when lower(label) in ('true', 'false') then lower(label)
  when isfinite(try_cast(label as double)) then number_text(try_cast(label as double))
  else label
end;

-- name: truth_cells
-- Rows with a label by stratum and by what was really the case: the commonest labels, and the rest together.
with cell as (
  select
    if(production_label in ($names), production_label, '$others') as production,
    production_label != shadow_label as differ, class_name(truth) as truth,
    count(*) as rows, count(*) filter (production_right) as "right",
    count(*) filter (shadow_right) as shadow_right
  from with_truth where classes group by 1, 2, 3
), commonest as (
  select truth from cell group by truth
  order by sum(rows) desc, try_cast(truth as double) nulls last, truth limit $most
)
select
  production, differ, if(truth in (from commonest), truth, '$others') as truth,
  sum(rows)::double as rows, sum("right")::double as "right", sum(shadow_right)::double as "shadowRight"
from cell group by 1, 2, 3;

-- name: truth_outcomes
-- Rows with a label by both answers and by what was really the case; the commonest, and the number of all others.
with outcome as (
  select production_label as production, shadow_label as shadow, class_name(truth) as truth, count(*) as rows
  from with_truth where classes group by 1, 2, 3
)
select production, shadow, truth, rows::double as rows, sum(rows) over ()::double as whole
from outcome order by rows desc, production, shadow, truth limit $most;

-- name: truth_losses
-- All rows with numbers and no labels, by how the shadow's number lies to production's; of those with a number for truth
-- what each model is off by, absolutely and squared.
create or replace macro loss_sums(p, s) as {
  production: coalesce(sum(p), 0), "productionSquared": coalesce(sum(p * p), 0), loss: coalesce(sum(s - p), 0),
  "lossSquared": coalesce(sum((s - p) * (s - p)), 0), "cross": coalesce(sum((s - p) * p), 0)
};

-- name: truth_bands
select
  case when abs(d) > $tolerance then if(d > 0, 'above', 'below') else 'equal' end as band,
  count(*)::double as rows, sum(abs(d)) as apart, count(truth_number)::double as labelled,
  loss_sums(abs(production_number - truth_number), abs(shadow_number - truth_number)) as error,
  loss_sums((production_number - truth_number) ** 2, (shadow_number - truth_number) ** 2) as squared
from ripe where d is not null and (production_label is null or shadow_label is null) group by 1;

-- name: truth_fit
-- How numbers and labels lie to each other.
select
  count(*)::double as rows, coalesce(sum(truth_number), 0) as truth, coalesce(sum(truth_number ** 2), 0) as "truthSquared",
  coalesce(sum(production_number), 0) as production, coalesce(sum(production_number ** 2), 0) as "productionSquared",
  coalesce(sum(production_number * truth_number), 0) as "productionTruth",
  coalesce(sum(shadow_number), 0) as shadow, coalesce(sum(shadow_number ** 2), 0) as "shadowSquared",
  coalesce(sum(shadow_number * truth_number), 0) as "shadowTruth"
from with_truth where loss is not null;

-- name: truth_scores
-- Probabilities of all classes: what the Brier scores of the two answers may differ by (half of it), and by the label do. A score
-- belongs to the class of its place, which is that of the largest.
with scored as (
  select
    moment, production_label != shadow_label as differ, production_scores as p, shadow_scores as s,
    coalesce(
      len(production_scores) >= 2 and len(production_scores) = len(shadow_scores)
        and list_min(production_scores) >= 0 and list_max(production_scores) <= 1
        and list_min(shadow_scores) >= 0 and list_max(shadow_scores) <= 1
        and abs(list_sum(production_scores) - 1) <= 0.01 and abs(list_sum(shadow_scores) - 1) <= 0.01
        and production_label = (list_position(production_scores, list_max(production_scores)) - 1)::varchar
        and shadow_label = (list_position(shadow_scores, list_max(shadow_scores)) - 1)::varchar,
      false
    ) as usable,
    if(regexp_full_match(class_name(truth), '[0-9]+'), try_cast(class_name(truth) as bigint), null) as place
  from ripe where production_label is not null and shadow_label is not null
), squared as (
  select
    *, list_sum(list_transform(p, lambda x: x * x)) as p_squares, list_sum(list_transform(s, lambda x: x * x)) as s_squares,
    list_max(list_transform(list_zip(p, s), lambda z: abs(z[1] - z[2]))) as furthest
  from scored where usable
), error as (
  select
    *, if(place < len(p), p_squares - 2 * p[place + 1] + 1, null) as production_error,
    if(place < len(p), s_squares - 2 * s[place + 1] + 1, null) as shadow_error
  from squared
)
$wanted;

-- name: truth_curves
-- Area under the curve: the mean rank of the rows with label 1 among all with label 0 or 1, ties counting half.
with ranked as (
  select
    truth_number as y,
    rank() over (order by production_number) + (count(*) over (partition by production_number) - 1) / 2 as p,
    rank() over (order by shadow_number) + (count(*) over (partition by shadow_number) - 1) / 2 as s
  from with_truth where loss is not null and truth_number in (0, 1)
), counted as (
  select
    count(*)::double as rows, coalesce(sum(y), 0)::double as ones,
    sum(p) filter (y = 1) as p, sum(s) filter (y = 1) as s
  from ranked
)
select
  rows, ones,
  (p - ones * (ones + 1) / 2) / nullif(ones * (rows - ones), 0) as production,
  (s - ones * (ones + 1) / 2) / nullif(ones * (rows - ones), 0) as shadow
from counted;

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
