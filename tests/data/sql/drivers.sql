-- Statements as drivers, ORMs and applications send them: apart by blank lines, written after the style of each.

-- pgbench
SELECT abalance FROM pgbench_accounts WHERE aid = 12345;

UPDATE pgbench_accounts SET abalance = abalance + -42 WHERE aid = 5;

INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (1, 2, 3, 4, CURRENT_TIMESTAMP);

select count(*) from pgbench_branches

BEGIN;

END;

-- checks of connections
SELECT 1

select 1;

/* ping */ SELECT 1

SELECT version()

select pg_catalog.version()

SHOW server_version

SHOW TRANSACTION ISOLATION LEVEL

select current_schema()

SELECT CURRENT_DATABASE()

select 'x'

-- psycopg, asyncpg
SET client_encoding TO 'UTF8'

SELECT pg_advisory_unlock_all();
CLOSE ALL;
UNLISTEN *;
RESET ALL;

SELECT
    t.oid, t.typelem AS elemtype, t.typtype AS kind
FROM pg_catalog.pg_type AS t
WHERE t.oid = any($1::oid[])

WITH RECURSIVE typeinfo_tree(oid, ns, name, kind, basetype, elemtype, elemdelim, range_subtype, attrtypoids, attrnames, depth) AS (SELECT ti.oid, ti.ns, ti.name, ti.kind, ti.basetype, ti.elemtype, ti.elemdelim, ti.range_subtype, ti.attrtypoids, ti.attrnames, 0 FROM (SELECT t.oid AS oid, ns.nspname AS ns, t.typname AS name, t.typtype AS kind, t.typbasetype AS basetype, t.typelem AS elemtype, elem_t.typdelim AS elemdelim, NULL::oid AS range_subtype, (CASE WHEN t.typtype = 'c' THEN (SELECT array_agg(ia.atttypid ORDER BY ia.attnum) FROM pg_attribute ia INNER JOIN pg_class c ON (ia.attrelid = c.oid) WHERE ia.attnum > 0 AND NOT ia.attisdropped AND c.reltype = t.oid) ELSE NULL END) AS attrtypoids, NULL::text[] AS attrnames FROM pg_catalog.pg_type AS t INNER JOIN pg_catalog.pg_namespace ns ON (ns.oid = t.typnamespace) LEFT JOIN pg_type elem_t ON (t.typlen = -1 AND t.typelem != 0 AND t.typelem = elem_t.oid)) AS ti WHERE ti.oid = any($1::oid[]) UNION ALL SELECT ti.oid, ti.ns, ti.name, ti.kind, ti.basetype, ti.elemtype, ti.elemdelim, ti.range_subtype, ti.attrtypoids, ti.attrnames, tt.depth + 1 FROM (SELECT * FROM typeinfo_tree) ti, typeinfo_tree tt WHERE (tt.elemtype IS NOT NULL AND ti.oid = tt.elemtype)) SELECT DISTINCT *, basetype::regtype::text AS basetype_name FROM typeinfo_tree ORDER BY depth DESC

SELECT typname AS name, oid, typarray AS array_oid, oid::regtype::text AS regtype, typdelim AS delimiter FROM pg_type t WHERE t.oid = to_regtype($1) ORDER BY t.oid

INSERT INTO items (name, price, tags) VALUES ('O''Reilly', 12.50, ARRAY['a','b']) RETURNING id

SELECT * FROM items WHERE name = E'tab\there' AND note LIKE '%50\%%'

COPY items (name, price) FROM STDIN

-- SQLAlchemy
SELECT users.id, users.name, users.fullname 
FROM users 
WHERE users.name = %(name_1)s

SELECT users.id AS users_id, users.name AS users_name, addresses_1.id AS addresses_1_id, addresses_1.email AS addresses_1_email 
FROM users LEFT OUTER JOIN addresses AS addresses_1 ON users.id = addresses_1.user_id 
WHERE users.id IN ($1::INTEGER, $2::INTEGER, $3::INTEGER) ORDER BY users.id 
 LIMIT $4::INTEGER

INSERT INTO users (name, fullname) SELECT p0::VARCHAR, p1::VARCHAR FROM (VALUES ($1::VARCHAR, $2::VARCHAR, 0), ($3::VARCHAR, $4::VARCHAR, 1)) AS imp_sen(p0, p1, sen_counter) ORDER BY sen_counter RETURNING users.id, users.id AS id__1

SELECT pg_catalog.pg_class.relname 
FROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace ON pg_catalog.pg_namespace.oid = pg_catalog.pg_class.relnamespace 
WHERE pg_catalog.pg_class.relname = $1::VARCHAR AND pg_catalog.pg_class.relkind = ANY (ARRAY[$2::VARCHAR, $3::VARCHAR, $4::VARCHAR, $5::VARCHAR, $6::VARCHAR]) AND pg_catalog.pg_table_is_visible(pg_catalog.pg_class.oid) AND pg_catalog.pg_namespace.nspname != $7::VARCHAR

SELECT anon_1.dept, count(*) AS count_1, coalesce(sum(anon_1.salary), $1::NUMERIC) AS coalesce_1 
FROM (SELECT e.dept AS dept, e.salary AS salary, row_number() OVER (PARTITION BY e.dept ORDER BY e.salary DESC) AS rn 
FROM employees AS e) AS anon_1 
WHERE anon_1.rn <= $2::INTEGER GROUP BY anon_1.dept HAVING count(*) > $3::INTEGER

SELECT accounts.id, accounts.balance FROM accounts WHERE accounts.id = $1::INTEGER FOR UPDATE

UPDATE users SET fullname=%(fullname)s WHERE users.id = %(users_id)s

DELETE FROM addresses WHERE addresses.id = $1::INTEGER

select nextval('users_id_seq')

SELECT EXISTS (SELECT 1 FROM users WHERE users.email = $1) AS anon_1

-- Django
SELECT "auth_user"."id", "auth_user"."password", "auth_user"."last_login", "auth_user"."is_superuser", "auth_user"."username" FROM "auth_user" WHERE "auth_user"."id" = 1 LIMIT 21

SELECT COUNT(*) AS "__count" FROM "polls_question" WHERE ("polls_question"."pub_date" <= '2024-01-01T00:00:00+00:00'::timestamptz AND NOT ("polls_question"."closed"))

SELECT "blog_entry"."id", "blog_entry"."headline", "blog_blog"."name" FROM "blog_entry" INNER JOIN "blog_blog" ON ("blog_entry"."blog_id" = "blog_blog"."id") WHERE UPPER("blog_entry"."headline"::text) LIKE UPPER('%lennon%') ORDER BY "blog_entry"."id" ASC

SELECT (1) AS "a" FROM "django_session" WHERE "django_session"."session_key" = 'k3j4h5' LIMIT 1

SELECT DISTINCT DATE_TRUNC('month', "blog_entry"."pub_date" AT TIME ZONE 'UTC') AS "datefield" FROM "blog_entry" WHERE "blog_entry"."pub_date" IS NOT NULL ORDER BY 1 ASC

INSERT INTO "blog_entry" ("blog_id", "headline", "body_text", "pub_date", "rating") VALUES (1, 'A', '', '2024-01-01'::date, 5), (1, 'B', '', '2024-01-01'::date, NULL) RETURNING "blog_entry"."id"

INSERT INTO "django_session" ("session_key", "session_data", "expire_date") VALUES ('k', 'd', '2024-01-15T00:00:00+00:00'::timestamptz) ON CONFLICT ("session_key") DO UPDATE SET "session_data" = EXCLUDED."session_data"

UPDATE "auth_user" SET "last_login" = '2024-01-01T12:00:00+00:00'::timestamptz WHERE "auth_user"."id" = 1

SELECT "app_order"."id" FROM "app_order" WHERE "app_order"."id" = 5 LIMIT 21 FOR NO KEY UPDATE

DELETE FROM "django_session" WHERE "django_session"."expire_date" < '2024-01-01T00:00:00+00:00'::timestamptz

SELECT "t"."id", ts_rank(to_tsvector('english', COALESCE("t"."body", '')), plainto_tsquery('english', 'cheese')) AS "rank" FROM "t" WHERE to_tsvector('english', COALESCE("t"."body", '')) @@ plainto_tsquery('english', 'cheese') ORDER BY "rank" DESC

SAVEPOINT "s140_x1"

DECLARE "_django_curs_1" NO SCROLL CURSOR WITH HOLD FOR SELECT "id" FROM "t"

SELECT set_config('app.user_id', '17', false)

SELECT CURRVAL(pg_get_serial_sequence('"blog_entry"','id'))

-- Hibernate, JDBC
select u1_0.id,u1_0.email,u1_0.name,r1_0.user_id,r1_1.id,r1_1.name from users u1_0 left join user_roles r1_0 on u1_0.id=r1_0.user_id left join roles r1_1 on r1_1.id=r1_0.role_id where u1_0.email=$1

select nextval ('hibernate_sequence')

insert into orders (customer_id,total,created_at,id) values ($1,$2,$3,$4)

update orders set customer_id=$1,total=$2,version=$3 where id=$4 and version=$5

select o1_0.id from orders o1_0 where o1_0.created_at>=$1 and o1_0.status in ($2,$3,$4) order by o1_0.created_at desc fetch first $5 rows only

select a1_0.id,a1_0.balance from account a1_0 where a1_0.id=$1 for no key update

select count(e1_0.id), avg(cast(e1_0.amount as numeric(38,2))) from expenses e1_0 group by extract(year from e1_0.booked), e1_0.category

SET extra_float_digits = 3

SET application_name = 'PostgreSQL JDBC Driver'

SELECT NULL AS TABLE_CAT, n.nspname AS TABLE_SCHEM, c.relname AS TABLE_NAME,  CASE n.nspname ~ '^pg_' OR n.nspname = 'information_schema'  WHEN true THEN CASE  WHEN n.nspname = 'pg_catalog' OR n.nspname = 'information_schema' THEN CASE c.relkind   WHEN 'r' THEN 'SYSTEM TABLE'   WHEN 'v' THEN 'SYSTEM VIEW'   WHEN 'i' THEN 'SYSTEM INDEX'   ELSE NULL   END   ELSE NULL  END  END  AS TABLE_TYPE, d.description AS REMARKS FROM pg_catalog.pg_namespace n, pg_catalog.pg_class c  LEFT JOIN pg_catalog.pg_description d ON (c.oid = d.objoid AND d.objsubid = 0  and d.classoid = 'pg_class'::regclass)  WHERE c.relnamespace = n.oid  AND c.relname LIKE E'order\\_items' AND (false  OR ( c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ) )  ORDER BY TABLE_TYPE,TABLE_SCHEM,TABLE_NAME

SELECT result.TABLE_CAT, result.TABLE_SCHEM, result.COLUMN_NAME, result.KEY_SEQ FROM (SELECT NULL AS TABLE_CAT, n.nspname AS TABLE_SCHEM, ct.relname AS TABLE_NAME, a.attname AS COLUMN_NAME, (information_schema._pg_expandarray(i.indkey)).n AS KEY_SEQ, i.indkey AS KEYS, a.attnum AS A_ATTNUM FROM pg_catalog.pg_class ct JOIN pg_catalog.pg_attribute a ON (ct.oid = a.attrelid) JOIN pg_catalog.pg_namespace n ON (ct.relnamespace = n.oid) JOIN pg_catalog.pg_index i ON ( a.attrelid = i.indrelid) WHERE i.indisprimary) result where  result.A_ATTNUM = (result.KEYS).x[result.KEY_SEQ]

-- ActiveRecord
SELECT "users".* FROM "users" WHERE "users"."id" = $1 LIMIT $2 /*application='Shop',controller='users'*/

SELECT 1 AS one FROM "users" WHERE "users"."email" = $1 LIMIT $2

INSERT INTO "posts" ("title", "body", "created_at", "updated_at") VALUES ($1, $2, $3, $4) RETURNING "id"

SELECT a.attname, format_type(a.atttypid, a.atttypmod), pg_get_expr(d.adbin, d.adrelid), a.attnotnull, a.atttypid, a.atttypmod, c.collname, col_description(a.attrelid, a.attnum) AS comment, attidentity AS identity, attgenerated as attgenerated FROM pg_attribute a LEFT JOIN pg_attrdef d ON a.attrelid = d.adrelid AND a.attnum = d.adnum LEFT JOIN pg_type t ON a.atttypid = t.oid LEFT JOIN pg_collation c ON a.attcollation = c.oid AND a.attcollation <> t.typcollation WHERE a.attrelid = '"users"'::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum

SELECT pg_try_advisory_lock(4854321)

SET standard_conforming_strings = on

SELECT COUNT(DISTINCT "orders"."user_id") FROM "orders" WHERE "orders"."state" != $1 AND "orders"."created_at" BETWEEN $2 AND $3

SELECT "events".* FROM "events" WHERE (payload @> '{"kind":"click"}') AND (payload ->> 'user' = '7') ORDER BY "events"."id" DESC LIMIT 10 OFFSET 20

-- Sequelize, TypeORM, Prisma, knex
SELECT "id", "firstName", "createdAt" FROM "Users" AS "User" WHERE ("User"."active" = true AND "User"."age" > 18) LIMIT 10 OFFSET 0;

SELECT "User"."id" AS "User_id", "User"."name" AS "User_name" FROM "user" "User" WHERE (("User"."id" = $1)) LIMIT 1

SELECT DISTINCT "distinctAlias"."p_id" AS "ids_p_id" FROM (SELECT "p"."id" AS "p_id", "c"."id" AS "c_id" FROM "post" "p" LEFT JOIN "comment" "c" ON "c"."postId"="p"."id") "distinctAlias" ORDER BY "p_id" ASC LIMIT 5

SELECT "public"."User"."id", "public"."User"."email" FROM "public"."User" WHERE ("public"."User"."email" = $1 AND 1=1) LIMIT $2 OFFSET $3

SELECT "t0"."id", COALESCE("aggr"."_aggr_count_posts", 0) AS "_aggr_count_posts" FROM "public"."User" AS "t0" LEFT JOIN (SELECT "t1"."authorId", COUNT(*) AS "_aggr_count_posts" FROM "public"."Post" AS "t1" WHERE 1=1 GROUP BY "t1"."authorId") AS "aggr" ON ("t0"."id" = "aggr"."authorId") WHERE 1=1

INSERT INTO "public"."User" ("email","name") VALUES ($1,$2) RETURNING "public"."User"."id"

select "t0"."id", coalesce("t1"."__prisma_data__", '[]'::jsonb) as "posts" from "public"."User" as "t0" left join lateral (select coalesce(jsonb_agg("__prisma_data__"), '[]'::jsonb) as "__prisma_data__" from (select jsonb_build_object('id', "t2"."id", 'title', "t2"."title") as "__prisma_data__" from "public"."Post" as "t2" where "t2"."authorId" = "t0"."id") as "t3") as "t1" on true where "t0"."id" = $1

insert into "sessions" ("sid", "sess", "expire") values ($1, $2, $3) on conflict ("sid") do update set "sess" = excluded."sess", "expire" = excluded."expire" returning "sid"

select * from "jobs" where "state" = $1 order by "id" asc limit $2 for update skip locked

select "name", sum("amount") filter (where "paid") as "paid", string_agg("note", ', ' order by "id") from "bills" group by rollup ("name"), grouping sets (("name"), ())

-- Ecto, GORM, sqlx, EF Core, jOOQ
SELECT p0."id", p0."title", p0."inserted_at" FROM "posts" AS p0 WHERE (p0."user_id" = $1) ORDER BY p0."inserted_at" DESC

SELECT TRUE FROM "users" AS u0 WHERE (u0."email" = $1) LIMIT 1

SELECT o0."id", o0."state" FROM "public"."oban_jobs" AS o0 WHERE (o0."state" = 'available') AND (o0."queue" = $1) ORDER BY o0."priority", o0."scheduled_at", o0."id" LIMIT $2 FOR UPDATE SKIP LOCKED

SELECT * FROM "users" WHERE "users"."deleted_at" IS NULL AND "users"."id" = 10 ORDER BY "users"."id" LIMIT 1

SELECT count(*) FROM "users" WHERE name LIKE '%jin%' AND created_at > '2024-01-01 00:00:00'

SELECT t."Id", t."Name", o."Total" FROM (SELECT c."Id", c."Name" FROM "Customers" AS c WHERE c."Name" = @__name_0 LIMIT 1) AS t LEFT JOIN "Orders" AS o ON t."Id" = o."CustomerId"

select "public"."book"."id", "public"."book"."title" from "public"."book" where ("public"."book"."author_id" = 1 and cast("public"."book"."price" as decimal(10, 2)) > 10.0) order by "public"."book"."title" asc offset 0 rows fetch next 10 rows only

select id, name, kind as "kind: Kind" from things where id = any($1) and created_at >= now() - interval '1 day'

WITH upserted AS (INSERT INTO counters (name, n) VALUES ($1, 1) ON CONFLICT (name) DO UPDATE SET n = counters.n + 1 RETURNING *) SELECT * FROM upserted

WITH deleted AS (DELETE FROM queue WHERE id = (SELECT id FROM queue ORDER BY id LIMIT 1) RETURNING *) INSERT INTO archive SELECT * FROM deleted

MERGE INTO stock s USING arrivals a ON s.id = a.id WHEN MATCHED THEN UPDATE SET n = s.n + a.n WHEN NOT MATCHED THEN INSERT (id, n) VALUES (a.id, a.n)

-- PostgREST, Hasura
WITH pgrst_source AS ( SELECT "public"."films".* FROM "public"."films"  WHERE  "public"."films"."year" > $1   LIMIT $2 OFFSET $3  )  SELECT null::bigint AS total_result_set, pg_catalog.count(_postgrest_t) AS page_total, coalesce(json_agg(_postgrest_t), '[]') AS body, nullif(current_setting('response.headers', true), '') AS response_headers, nullif(current_setting('response.status', true), '') AS response_status, '' AS response_inserted FROM ( SELECT * FROM pgrst_source ) _postgrest_t

select set_config('search_path', $1, true), set_config('role', $2, true), set_config('request.jwt.claims', $3, true)

SELECT  coalesce(json_agg("root" ), '[]' ) AS "root" FROM  (SELECT  row_to_json((SELECT  "_1_e"  FROM  (SELECT  "_0_root.base"."id" AS "id", "_0_root.base"."name" AS "name"       ) AS "_1_e"      ) ) AS "root" FROM  (SELECT  * FROM "public"."author"  WHERE ('true')     ) AS "_0_root.base"      ) AS "_2_root"

NOTIFY pgrst, 'reload schema'

select pg_notify('events', $1)

-- reports, dashboards
SELECT $__timeGroup(time, '5m') FROM metrics

SELECT date_trunc('hour', "time") AS time, percentile_cont(0.95) WITHIN GROUP (ORDER BY latency) AS p95, max(latency), min(latency) FROM requests WHERE "time" BETWEEN '2024-01-01T00:00:00Z' AND '2024-01-02T00:00:00Z' GROUP BY 1 ORDER BY 1

select l_returnflag, l_linestatus, sum(l_quantity) as sum_qty, sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)) as sum_charge, avg(l_discount) as avg_disc, count(*) as count_order from lineitem where l_shipdate <= date '1998-12-01' - interval '90 day' group by l_returnflag, l_linestatus order by l_returnflag, l_linestatus

select c_count, count(*) as custdist from (select c_custkey, count(o_orderkey) from customer left outer join orders on c_custkey = o_custkey and o_comment not like '%special%requests%' group by c_custkey) as c_orders (c_custkey, c_count) group by c_count order by custdist desc

select substring(c_phone from 1 for 2) as cntrycode, position('-' in c_phone), trim(both ' ' from c_name), overlay(c_name placing 'x' from 1 for 1) from customer where substring(c_phone from 1 for 2) in ('13', '31', '23')

SELECT s.day, coalesce(c.n, 0) FROM generate_series('2024-01-01'::date, '2024-01-31'::date, interval '1 day') AS s(day) LEFT JOIN LATERAL (SELECT count(*) AS n FROM logins WHERE at::date = s.day) c ON true

SELECT country, year, sum(sales), rank() OVER w, lag(sum(sales), 1) OVER (PARTITION BY country ORDER BY year) FROM sales GROUP BY CUBE (country, year) WINDOW w AS (ORDER BY sum(sales) DESC)

TABLE settings

VALUES (1, 'one'), (2, 'two'), (3, 'three')

(SELECT id FROM a ORDER BY at DESC LIMIT 5) UNION ALL (SELECT id FROM b ORDER BY at DESC LIMIT 5)

WITH RECURSIVE tree(id, path) AS (SELECT id, ARRAY[id] FROM nodes WHERE parent IS NULL UNION ALL SELECT n.id, t.path || n.id FROM nodes n JOIN tree t ON n.parent = t.id) SELECT * FROM tree ORDER BY path

SELECT ST_AsGeoJSON(geom) FROM places WHERE ST_DWithin(geom, ST_MakePoint(13.4, 52.5)::geography, 1000)

SELECT id, embedding <-> '[1,2,3]'::vector(3) AS distance FROM items ORDER BY embedding <-> '[1,2,3]' LIMIT 5

SELECT x.id FROM json_to_recordset('[{"id":1}]') AS x(id int)

SELECT * FROM unnest($1::int[], $2::text[]) WITH ORDINALITY AS t(id, name, n)

SELECT $$it's$$, $q$a $$ b$q$, U&'d\0061ta', B'1010', X'1F', N'x', 1.5e-10, .5, -1

SELECT 'a' -- comes with a comment; and a semicolon
 , /* nested /* comment ' */ */ "b""c"

EXPLAIN SELECT 1

CREATE TEMP TABLE scratch (LIKE orders)

SELECT * INTO TEMP scratch FROM orders

SELECT * FROM pg_temp.scratch

LISTEN events

PREPARE q AS SELECT $1::int

EXECUTE q(1)

DO $$ BEGIN PERFORM 1; END $$

CALL refresh_all()

TRUNCATE scratch

VACUUM ANALYZE orders

SELECT lastval()

SELECT pg_backend_pid()

SELECT pid, state, query FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle'

SELECT lo_creat(-1)

SELECT txid_current()

SELECT pg_sleep(0.1)

SELECT gen_random_uuid(), random(), clock_timestamp()
