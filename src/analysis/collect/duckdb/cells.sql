-- One row per row of the two answers of a pair.
create temp table cell as
with opened as (
  select *, unnest(range(1, 1 + greatest(coalesce(len(our_labels), 0), coalesce(len(our_numbers), 0)))) as place
  from pair
  where coalesce(len(our_labels), 0) = coalesce(len(their_labels), 0)
    and coalesce(len(our_numbers), 0) = coalesce(len(their_numbers), 0)
), row_of as (
  select
    key, moment, inference_id, feature_id, file_id, place - 1 as place, row_inputs is not null as known_input,
    -- A row whose input is not known is alone with it; so is each row of a request that is not one line a row.
    case when row_inputs is null then hash(key, place)
      when len(row_inputs) = greatest(coalesce(len(our_labels), 0), coalesce(len(our_numbers), 0)) then row_inputs[place]
      else hash(row_inputs, place) end as input,
    our_labels[place] as our_label, their_labels[place] as their_label,
    our_numbers[place] as ours, their_numbers[place] as theirs
  from opened
), told as (
  select * exclude (ours, theirs), $our_number as our_number, $their_number as their_number, $apart as apart from row_of
)
select told.*, their_number - our_number as d, $truth as truth
from told $truth_join;
