package clients

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/lib/pq"
)

func TestValuesOfManyTypesComeBackAsTheyWent(t *testing.T) {
	db := open(t, "")
	moment := time.Date(2026, 1, 2, 3, 4, 5, 678000, time.UTC)
	var (
		number  int
		text    string
		bytes   []byte
		array   []int64
		back    time.Time
		nothing sql.NullString
	)
	row := db.QueryRow("SELECT $1::int, $2::text, $3::bytea, $4::int[], $5::timestamptz, $6::text",
		7, "ü", []byte{0, 255}, pq.Array([]int64{1, 2}), moment, nil)
	must(t, row.Scan(&number, &text, &bytes, pq.Array(&array), &back, &nothing))
	equal(t, []any{number, text, bytes, array, back.Equal(moment), nothing.Valid},
		[]any{7, "ü", []byte{0, 255}, []int64{1, 2}, true, false})
}

func TestPreparedStatementsRunOnEveryServerConnection(t *testing.T) {
	one, other := session(t, ""), session(t, "")
	mine, err := one.PrepareContext(context.Background(), "SELECT $1::int + 1000")
	must(t, err)
	theirs, err := other.PrepareContext(context.Background(), "SELECT $1::int + 2000")
	must(t, err)
	for turn := 0; turn < 4*turns; turn++ {
		var a, b int
		must(t, mine.QueryRow(turn).Scan(&a))
		must(t, theirs.QueryRow(turn).Scan(&b))
		equal(t, []int{a, b}, []int{turn + 1000, turn + 2000})
	}
	must(t, mine.Close())
	must(t, theirs.Close())
}

// Parse and Describe come with a Sync of their own, and what they prepared has no name.
func TestUnnamedStatementsOfManyClientsAreNotMixed(t *testing.T) {
	db := open(t, "")
	db.SetMaxOpenConns(16)
	var all sync.WaitGroup
	for client := 0; client < 16; client++ {
		all.Add(1)
		go func(client int) {
			defer all.Done()
			for turn := 0; turn < 50; turn++ {
				var got string
				query := fmt.Sprintf("SELECT 'client %d, turn ' || $1::int", client)
				if err := db.QueryRow(query, turn).Scan(&got); err != nil || got != fmt.Sprintf("client %d, turn %d", client, turn) {
					t.Errorf("client %d, turn %d: got %q, %v", client, turn, got, err)
				}
			}
		}(client)
	}
	all.Wait()
}

func TestTransactionsWithSavepoints(t *testing.T) {
	db := open(t, "")
	run(t, db, "CREATE TABLE saved (a int PRIMARY KEY)")
	tx, err := db.BeginTx(context.Background(), &sql.TxOptions{Isolation: sql.LevelSerializable})
	must(t, err)
	equal(t, value[string](t, tx, "SHOW transaction_isolation"), "serializable")
	run(t, tx, "INSERT INTO saved VALUES ($1)", 1)
	run(t, tx, "SAVEPOINT s")
	_, err = tx.Exec("INSERT INTO saved VALUES ($1)", 1)
	fails(t, err, "23505")
	_, err = tx.Exec("SELECT 1")
	fails(t, err, "25P02")
	run(t, tx, "ROLLBACK TO s")
	run(t, tx, "INSERT INTO saved VALUES ($1)", 2)
	must(t, tx.Commit())
	expect(t, db, "SELECT string_agg(a::text, ',' ORDER BY a) FROM saved", "1,2")
	expect(t, db, "SHOW transaction_isolation", "read committed")
}

func TestAReadOnlyTransactionRefusesToWrite(t *testing.T) {
	db := open(t, "")
	tx, err := db.BeginTx(context.Background(), &sql.TxOptions{ReadOnly: true})
	must(t, err)
	_, err = tx.Exec("CREATE TABLE never (a int)")
	fails(t, err, "25006")
	must(t, tx.Rollback())
	run(t, db, "CREATE TABLE written (a int)")
}

func TestCommittingAFailedTransactionIsAnError(t *testing.T) {
	tx, err := open(t, "").Begin()
	must(t, err)
	_, err = tx.Exec("SELECT 1 / 0")
	fails(t, err, "22012")
	if err := tx.Commit(); err == nil {
		t.Fatal("the driver was told that it was committed")
	}
}

func TestCopyIn(t *testing.T) {
	db := open(t, "")
	run(t, db, "CREATE TABLE copied (a int PRIMARY KEY, b text)")
	tx, err := db.Begin()
	must(t, err)
	statement, err := tx.Prepare(pq.CopyIn("copied", "a", "b"))
	must(t, err)
	for number := 0; number < 20000; number++ {
		_, err = statement.Exec(number, fmt.Sprintf("row\t%d", number))
		must(t, err)
	}
	_, err = statement.Exec()
	must(t, err)
	must(t, statement.Close())
	must(t, tx.Commit())
	expect(t, db, "SELECT count(*) FROM copied WHERE b = E'row\\t' || a", 20000)
}

func TestACopyWithABadRowIsToldAndLeavesAUsableConnection(t *testing.T) {
	conn := session(t, "")
	run(t, conn, "CREATE TABLE refused (a int PRIMARY KEY)")
	tx, err := conn.BeginTx(context.Background(), nil)
	must(t, err)
	statement, err := tx.Prepare(pq.CopyIn("refused", "a"))
	must(t, err)
	for number := 0; number < 3 && err == nil; number++ {
		_, err = statement.Exec("no number")
	}
	if err == nil {
		_, err = statement.Exec()
	}
	fails(t, err, "22P02")
	must(t, tx.Rollback())
	expect(t, conn, "SELECT count(*) FROM refused", 0)
}

func TestACancelledContextCancelsTheQueryAndNoOther(t *testing.T) {
	conn, other, server := session(t, ""), session(t, ""), session(t, "port="+os.Getenv("SERVER_PORT"))
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() {
		_, err := conn.ExecContext(ctx, "SELECT pg_sleep(60) /* lib/pq */")
		ended <- err
	}()
	running := "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query = 'SELECT pg_sleep(60) /* lib/pq */'"
	for value[int](t, server, running) == 0 {
	}
	cancel()
	for turn := 0; turn < 50; turn++ {
		equal(t, value[int](t, other, "SELECT $1::int", turn), turn)
	}
	if err := <-ended; err == nil {
		t.Fatal("it was not cancelled")
	}
}

func TestSeveralResultsOfOneQuery(t *testing.T) {
	rows, err := open(t, "").Query("SELECT 1; SELECT 2; SELECT 3")
	must(t, err)
	defer rows.Close()
	var got []int
	for more := true; more; more = rows.NextResultSet() {
		for rows.Next() {
			var number int
			must(t, rows.Scan(&number))
			got = append(got, number)
		}
	}
	must(t, rows.Err())
	equal(t, got, []int{1, 2, 3})
}

func TestErrorsCarryWhatTheServerSaysOfThem(t *testing.T) {
	db := open(t, "")
	run(t, db, "CREATE TABLE strict (a int CONSTRAINT positive CHECK (a > 0))")
	_, err := db.Exec("INSERT INTO strict VALUES ($1)", -1)
	fails(t, err, "23514")
	equal(t, err.(*pq.Error).Constraint, "positive")
	_, err = db.Exec("SELECT * FROM missing WHERE a = $1", 1)
	fails(t, err, "42P01")
	equal(t, err.(*pq.Error).Position, "15")
}

func TestAServerThatTerminatesTheConnectionIsReplaced(t *testing.T) {
	db, server := open(t, ""), session(t, "port="+os.Getenv("SERVER_PORT"))
	tx, err := db.Begin()
	must(t, err)
	pid := value[int](t, tx, "SELECT pg_backend_pid()")
	equal(t, value[bool](t, server, "SELECT pg_terminate_backend($1, 20000)", pid), true)
	if _, err = tx.Exec("SELECT 1"); err == nil {
		t.Fatal("nobody was told")
	}
	tx.Rollback()
	expect(t, db, "SELECT 1", 1)
}

func TestAWrongPasswordIsRefusedAsTheServerRefusesIt(t *testing.T) {
	fails(t, open(t, "password=wrong").Ping(), "28P01")
}
