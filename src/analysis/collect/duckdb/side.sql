-- Where the records of one variant went.
select
  count(*) filter (not readable)::double as unreadable,
  count(*) filter (readable and not within)::double as outside,
  count(*) filter (within)::double as records,
  count(*) filter (within and without_answer)::double as "withoutAnswer",
  count(*) filter (within and not without_answer and labels is null and numbers is null)::double as unparsed,
  count(*) filter ($usable)::double as answered,
  coalesce(sum(greatest(coalesce(len(labels), 0), coalesce(len(numbers), 0))) filter ($usable), 0)::double as answers
from $side;
