-- Whether anything shown could be a demonstration.

-- P35: the page and every answer ask whether anything shown to them could be a demo. Only rows
-- that the public could see anyway are asked, so the answer tells nothing of hidden ones.
create view amparo.demo_record as
select exists (select from amparo.locations where demo and visibility = 'public')
    or exists (select from amparo.crossings where demo and visibility = 'public')
    or exists (
        select from amparo.crossings c
        join amparo.crossing_statuses s on s.crossing_id = c.id and s.assumption
        where c.visibility = 'public'
    )
    or exists (select from amparo.hazards where demo and visibility = 'public')
    or exists (select from amparo.flows where demo and visibility = 'public')
    or exists (select from amparo.contacts where demo and visibility = 'public')
    or exists (select from amparo.messages where demo and state = 'reviewed')
    or exists (select from amparo.products where demo and visibility = 'public')
    or exists (select from amparo.pathways where demo and visibility = 'public') as demo;
grant select on amparo.demo_record to amparo_writer;
select amparo.for_each_tier($view$
create view tier_public.demo_state as select demo from amparo.demo_record $view$);
