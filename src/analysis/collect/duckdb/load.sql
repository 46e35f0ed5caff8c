-- Reads the capture files of one variant. A line that is no capture record gives a row of nulls and is counted.
-- Ids are hashed: ten million of them as text would not fit the memory bound.
create temp table $side as
with record as (
  select
    captureData is not null as captured, filename,
    epoch_ms(try_cast(eventMetadata.inferenceTime as timestamp)) as moment,
    $inference_id as inference_id, $event_id as event_id, $input_id as input_id, $feature as feature_id, $row_inputs as row_inputs,
    $answer as answer
  from read_json([$files], columns = $columns, format = 'newline_delimited', ignore_errors = true, maximum_object_size = 33554432, filename = true)
), taken as (
  select *, $numbers as number_list, $labels as label_list from record
), whole as (
  -- An answer counts only where every one of its rows could be read.
  select *, if(len(number_list) > 0 and $numbers_whole, number_list, null) as numbers from taken
)
select
  inference_id, event_id, input_id, feature_id, row_inputs, moment,
  captured and moment is not null as readable,
  coalesce(moment >= $from and moment < $to, false) as within,
  answer is null or answer = '' as without_answer,
  $labels_whole as labels,
  numbers,
  hash(filename) as file_id
from whole;
