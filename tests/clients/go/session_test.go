package clients

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/lib/pq"
)

func TestParametersOfTheConnectionHoldAndResetReturnsToThem(t *testing.T) {
	conn := session(t, "application_name=mine search_path=pg_catalog work_mem=99kB options='-c myapp.tenant=ann'")
	run(t, conn, "SET work_mem = '77kB'; SET myapp.tenant = 'bob'; SET application_name = 'yours'")
	expect(t, conn, "SHOW work_mem", "77kB")
	expect(t, conn, "SHOW myapp.tenant", "bob")
	run(t, conn, "RESET ALL")
	expect(t, conn, "SHOW work_mem", "99kB")
	expect(t, conn, "SHOW search_path", "pg_catalog")
	expect(t, conn, "SHOW myapp.tenant", "ann")
	expect(t, conn, "SHOW application_name", "mine")
}

func TestASettingIsSeenByItsSessionAlone(t *testing.T) {
	one, other := session(t, ""), session(t, "")
	before := value[string](t, other, "SHOW lock_timeout")
	run(t, one, "SET lock_timeout = '77s'")
	run(t, other, "SELECT set_config('myapp.tenant', $1, false)", "ann")
	expect(t, one, "SHOW lock_timeout", "77s")
	expect(t, other, "SHOW lock_timeout", before)
	expect(t, other, "SHOW myapp.tenant", "ann")
	expect(t, one, "SELECT coalesce(current_setting('myapp.tenant', true), '')", "")
}

// The driver puts times into the zone that the server last told it of.
func TestATimeZoneIsThatOfItsSession(t *testing.T) {
	one, other := session(t, ""), session(t, "timezone=America/New_York")
	run(t, one, "SET TimeZone = 'Asia/Kolkata'")
	moment := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for turn := 0; turn < turns; turn++ {
		for conn, hours := range map[*sql.Conn]float64{one: 5.5, other: -5} {
			got := value[time.Time](t, conn, "SELECT $1::timestamptz", moment)
			_, offset := got.Zone()
			equal(t, []any{got.Equal(moment), float64(offset) / 3600}, []any{true, hours})
		}
	}
}

func TestWhatAFunctionSetsIsKept(t *testing.T) {
	conn := session(t, "")
	run(t, conn, `CREATE FUNCTION become(name text) RETURNS void LANGUAGE plpgsql AS
		$$ BEGIN PERFORM set_config('myapp.tenant', name, false); SET work_mem = '77kB'; END $$`)
	run(t, conn, "SET myapp.tenant = ''")
	run(t, conn, "SELECT become($1)", "mine")
	expect(t, conn, "SHOW myapp.tenant", "mine")
	expect(t, conn, "SHOW work_mem", "77kB")
}

func TestATemporaryTableBelongsToItsSession(t *testing.T) {
	one, other := session(t, ""), session(t, "")
	run(t, one, "CREATE TEMP TABLE scratch (a int)")
	for turn := 0; turn < turns; turn++ {
		run(t, one, "INSERT INTO scratch VALUES ($1)", turn)
	}
	expect(t, one, "SELECT count(*) FROM scratch", turns)
	_, err := other.ExecContext(context.Background(), "SELECT FROM scratch")
	fails(t, err, "42P01")
	run(t, one, "DROP TABLE scratch")
}

func TestASessionLockIsHeldUntilItIsUnlocked(t *testing.T) {
	one, other := session(t, ""), session(t, "")
	run(t, one, "SELECT pg_advisory_lock(5)")
	expect(t, other, "SELECT pg_try_advisory_lock(5)", false)
	expect(t, one, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()", 1)
	equal(t, value[bool](t, one, "SELECT pg_advisory_unlock(5)"), true)
	equal(t, value[bool](t, other, "SELECT pg_try_advisory_lock(5)"), true)
}

func TestALockOfATransactionEndsWithIt(t *testing.T) {
	one, other := open(t, ""), session(t, "")
	tx, err := one.Begin()
	must(t, err)
	run(t, tx, "SELECT pg_advisory_xact_lock(6)")
	expect(t, other, "SELECT pg_try_advisory_lock(6)", false)
	must(t, tx.Rollback())
	equal(t, value[bool](t, other, "SELECT pg_try_advisory_lock(6)"), true)
}

func TestACursorInATransactionIsReadInPieces(t *testing.T) {
	tx, err := open(t, "").Begin()
	must(t, err)
	run(t, tx, "DECLARE c SCROLL CURSOR FOR SELECT generate_series(1, 100)")
	equal(t, value[int](t, tx, "FETCH ABSOLUTE 40 FROM c"), 40)
	run(t, tx, "MOVE 9 FROM c")
	equal(t, value[int](t, tx, "FETCH c"), 50)
	equal(t, value[int](t, tx, "FETCH PRIOR FROM c"), 49)
	must(t, tx.Commit())
}

func TestAHeldCursorIsReadAfterItsTransaction(t *testing.T) {
	conn := session(t, "")
	run(t, conn, "DECLARE held CURSOR WITH HOLD FOR SELECT generate_series(1, 20)")
	for number := 1; number <= 20; number++ {
		equal(t, value[int](t, conn, "FETCH held"), number)
	}
	run(t, conn, "CLOSE held")
}

func TestAListenerHearsWhatOthersNotifyAndIsPinged(t *testing.T) {
	listener := pq.NewListener("sslmode=disable", time.Second, time.Minute, nil)
	defer listener.Close()
	must(t, listener.Listen("news"))
	must(t, listener.Listen("Other News"))
	db := open(t, "")
	for number := 0; number < turns; number++ {
		run(t, db, "SELECT pg_notify($1, $2)", "news", fmt.Sprint(number))
		hear(t, listener, "news", fmt.Sprint(number))
		must(t, listener.Ping())
	}
	must(t, listener.Unlisten("news"))
	run(t, db, "NOTIFY news, 'unheard'")
	run(t, db, `NOTIFY "Other News", 'heard'`)
	hear(t, listener, "Other News", "heard")
}

func hear(t *testing.T, listener *pq.Listener, channel, payload string) {
	t.Helper()
	select {
	case heard := <-listener.Notify:
		equal(t, []string{heard.Channel, heard.Extra}, []string{channel, payload})
	case <-time.After(limit):
		t.Fatalf("%s was not heard on %s", payload, channel)
	}
}

// The driver connects again by itself, and says so by a nil.
func TestAListenerWhoseServerEndsIsToldAndListensAgain(t *testing.T) {
	listener := pq.NewListener("sslmode=disable application_name=deaf", 10*time.Millisecond, time.Second, nil)
	defer listener.Close()
	must(t, listener.Listen("lasting"))
	server := session(t, "port="+os.Getenv("SERVER_PORT"))
	run(t, server, "SELECT pg_terminate_backend(pid, 20000) FROM pg_stat_activity WHERE application_name = 'deaf'")
	select {
	case lost := <-listener.Notify:
		if lost != nil {
			t.Fatalf("heard %v", lost)
		}
	case <-time.After(limit):
		t.Fatal("it was not told")
	}
	run(t, open(t, ""), "NOTIFY lasting, 'again'")
	hear(t, listener, "lasting", "again")
}

func TestNoticesReachTheirHandler(t *testing.T) {
	connector, err := pq.NewConnector("sslmode=disable")
	must(t, err)
	var heard []string
	db := sql.OpenDB(pq.ConnectorWithNoticeHandler(connector, func(notice *pq.Error) {
		heard = append(heard, notice.Severity+" "+notice.Message)
	}))
	defer db.Close()
	run(t, db, "DO $$ BEGIN RAISE WARNING 'one'; RAISE NOTICE 'two'; END $$")
	equal(t, heard, []string{"WARNING one", "NOTICE two"})
}
