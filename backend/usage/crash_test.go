//go:build linux || darwin

package usage

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"gatehouse/backend/gateway"
	"gatehouse/backend/store"
)

// cpuTime is what the process has used so far.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

const crashFolder = "GATEHOUSE_TEST_CRASH_FOLDER"

func TestMain(m *testing.M) {
	if folder := os.Getenv(crashFolder); folder != "" {
		crash(folder)
	}
	if folder := os.Getenv(ledgerFolder); folder != "" {
		runLedger(folder)
	}
	os.Exit(m.Run())
}

// crash keeps a history busy until it is killed. It prints "begun ID" once a client would see the request begin, and
// "settled ID" once it settled.
func crash(folder string) {
	db, err := store.Open(filepath.Join(folder, "gatehouse.db"), store.Options{})
	if err != nil {
		fmt.Println("failed", err)
		os.Exit(1)
	}
	h, err := Open(db, Options{})
	if err != nil {
		fmt.Println("failed", err)
		os.Exit(1)
	}
	for range 50 {
		go func() {
			for {
				o := opening(time.Now(), "sim/stream")
				e := h.Begin(o)
				e.Guard(context.Background())
				if h.Unguarded() > 0 { // a machine too busy to write within the limit proves nothing
					fmt.Println("unguarded", o.ID)
					select {}
				}
				fmt.Println("begun", o.ID) // one write, so whole lines
				time.Sleep(time.Duration(rand.IntN(40)) * time.Millisecond)
				e.Settle(settlement("sim/stream"))
			}
		}()
	}
	select {}
}

// After kill -9 at any moment, every request that a client saw begin is in the history, settled or interrupted.
func TestKilled(t *testing.T) {
	t.Parallel()
	rounds := 20
	if testing.Short() {
		rounds = 3
	}
	folder := t.TempDir()
	begun := map[string]bool{}
	for round := range rounds {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), crashFolder+"="+folder)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		kill := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
		before, unguarded := len(begun), 0
		for lines := bufio.NewScanner(out); lines.Scan(); {
			word, id, _ := strings.Cut(lines.Text(), " ")
			switch word {
			case "begun":
				if len(begun) == before {
					// The moment counts from the first request on, not from the process's start.
					kill.Reset(time.Duration(rand.IntN(700_000)) * time.Microsecond)
				}
				begun[id] = true
			case "unguarded":
				unguarded++
			default:
				t.Fatal(lines.Text())
			}
		}
		_ = cmd.Wait()
		if len(begun) == before && unguarded == 0 {
			t.Fatal("no request began")
		}
		checkBolt(t, filepath.Join(folder, "gatehouse.db"))
		if round%2 == 0 {
			continue // the next process is the one that brings the records back
		}
		b := start(t, folder)
		if aside := b.db.SetAside(); aside != "" {
			t.Fatal("the database was set aside")
		}
		outcomes := map[gateway.Outcome]int{}
		for id := range begun {
			r, ok, err := b.Get(id)
			if !ok || err != nil {
				t.Fatalf("round %d: %s is missing: %v", round, id, err)
			}
			outcomes[r.Outcome]++
		}
		if outcomes[gateway.OK]+outcomes[gateway.Interrupted] != len(begun) {
			t.Fatalf("round %d: %v of %d", round, outcomes, len(begun))
		}
		t.Logf("round %d: %d requests began in all, %v; %d unguarded", round, len(begun), outcomes, unguarded)
		if err := b.end(); err != nil {
			t.Fatal(err)
		}
	}
}

// checkBolt runs bbolt's own check.
func checkBolt(t *testing.T, path string) {
	t.Helper()
	b, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	err = b.View(func(tx *bbolt.Tx) error {
		for err := range tx.Check() {
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A kill while a commit is under way loses nothing: the journals keep what is in it until it is done.
func TestKilledInACommit(t *testing.T) {
	folder, copied := t.TempDir(), t.TempDir()
	b := start(t, folder)
	held, release, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- b.db.Write(func(*store.Tx) error { // the commit has to wait for this one
			close(held)
			<-release
			return nil
		})
	}()
	<-held
	var ids []string
	every := time.NewTicker(5 * time.Millisecond)
	defer every.Stop()
	for deadline := time.Now().Add(20 * time.Second); ; <-every.C {
		o := opening(day0.Add(time.Duration(len(ids))*time.Millisecond), "x")
		b.Begin(o).Guard(t.Context())
		ids = append(ids, o.ID)
		// Once the other journal is written, the commit is under way.
		if info, err := os.Stat(journalPath(b.db, 1)); err == nil && info.Size() > 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("no commit began")
		}
	}
	if err := os.CopyFS(copied, os.DirFS(folder)); err != nil {
		t.Fatal(err)
	}
	close(release)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if n := b.Unguarded(); n > 0 {
		t.Skipf("%d could not be guarded in time on this machine", n)
	}
	after := start(t, copied)
	for _, id := range ids {
		if r := get(t, after.History, id); r.Outcome != gateway.Interrupted {
			t.Errorf("%s is %s", id, r.Outcome)
		}
	}
}

// What was handed over but is in a journal only, in each state a kill can leave it in, comes back right.
func TestRestore(t *testing.T) {
	folder := t.TempDir()
	b := start(t, folder)
	settledBefore, openBefore := opening(day0, "a"), opening(day0.Add(time.Second), "b")
	b.Begin(settledBefore).Settle(settlement("a"))
	b.Begin(openBefore)
	b.stored(t)
	if err := b.end(); err != nil {
		t.Fatal(err)
	}
	line := func(r *Record) string { return asJSON(t, *r) + "\n" }
	onlyOpen, both := opened(opening(day0.Add(2*time.Second), "c")), opened(opening(day0.Add(3*time.Second), "d"))
	torn := line(opened(opening(day0.Add(4*time.Second), "torn")))
	for i, lines := range []string{
		line(both.settled(settlement("d"), nil)) + line(opened(settledBefore)),
		line(onlyOpen) + line(both) + "\n{\"id\":\"\"}\nnonsense\n" + strings.Repeat("x", 2*maxLine) + "\n" +
			line(opened(openBefore).settled(settlement("b"), nil)) + torn[:len(torn)/2],
	} {
		if err := os.WriteFile(journalPath(b.db, i), []byte(lines), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		b = start(t, folder)
		for id, want := range map[string]gateway.Outcome{
			settledBefore.ID: gateway.OK, openBefore.ID: gateway.OK, onlyOpen.ID: gateway.Interrupted, both.ID: gateway.OK,
		} {
			if r := get(t, b.History, id); r.Outcome != want {
				t.Errorf("%s is %s, want %s", r.RequestedModel, r.Outcome, want)
			}
		}
		if records, _, err := b.List(t.Context(), Query{}); len(records) != 4 || err != nil {
			t.Errorf("%d records, %v", len(records), err)
		}
		if err := b.end(); err != nil {
			t.Fatal(err)
		}
	}
}

// A database that was set aside does not take the journals' records with it.
func TestRestoreIntoANewDatabase(t *testing.T) {
	folder := t.TempDir()
	r := opened(opening(day0, "x"))
	if err := os.WriteFile(filepath.Join(folder, "gatehouse.db"), []byte(strings.Repeat("garbage", 9999)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "gatehouse.db.usage-1.journal"), []byte(asJSON(t, *r)), 0o600); err != nil {
		t.Fatal(err)
	}
	b := start(t, folder)
	if b.db.SetAside() == "" || get(t, b.History, r.ID).Outcome != gateway.Interrupted {
		t.Error("not brought back")
	}
}

func FuzzJournal(f *testing.F) {
	r, err := json.Marshal(opened(opening(day0, "x")))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(r) + "\n" + string(r[:20]))
	f.Add("\n\n{}\n[]\nnull")
	f.Fuzz(func(t *testing.T, text string) {
		n := 0
		broken, err := parseJournal(strings.NewReader(text), func(r *Record) {
			n++
			if !validID(r.ID) {
				t.Errorf("a record with the id %q", r.ID)
			}
		})
		if err != nil || n+broken > strings.Count(text, "\n")+1 {
			t.Errorf("%d records, %d broken lines, %v", n, broken, err)
		}
	})
}
