-- What a function may do with objects of users in the target database. They are found in the catalog, in any schema, and
-- privileges are only granted on them: what an operator grants besides stays.

-- When a foreign key refuses an employee, apply-changes looks whether the others fulfil it.
select 'apply_changes', confrelid::regclass::text, 'select' from pg_constraint
where conrelid = to_regclass('public.employees') and contype = 'f' and confrelid <> conrelid
union all
-- An insert draws the default of a further column, such as a `serial`, from its sequence.
select inserting.role, refobjid::regclass::text, 'usage'
from (values ('apply_changes', 'public.employees'), ('load_salaries', 'public.department_employee')) as inserting (role, relation)
join pg_attrdef on adrelid = to_regclass(relation)
join pg_depend on classid = 'pg_attrdef'::regclass and objid = pg_attrdef.oid and refclassid = 'pg_class'::regclass
join pg_class on pg_class.oid = refobjid and relkind = 'S'
