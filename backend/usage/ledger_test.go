//go:build linux || darwin

package usage

import (
	"bufio"
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
	"gatehouse/backend/store"
)

const ledgerFolder = "GATEHOUSE_TEST_LEDGER_FOLDER"

// The ledger test's size.
const (
	ledgerRequests = 10_000
	ledgerRound    = 1200 // requests of a process at most
)

// stage is how a stand-in provider treats a request: what each attempt is billed for, and how the request ends. It follows from
// the request's id alone, so that whoever knows the id knows the bill.
func stage(id string) (s gateway.Settlement, o gateway.Opening) {
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(id))
	r := rand.New(rand.NewPCG(hash.Sum64(), 1))
	pick := func(names ...string) string { return names[r.IntN(len(names))] }
	o = gateway.Opening{
		ID: id, KeyID: pick("k1", "k2", "k3"), Project: pick("p", "q"), Client: pick("Zed", "Cline/3", "curl"), RequestedModel: "coder",
		Stream: r.IntN(2) == 0, StartedAt: startedAt(id),
	}
	o.Key = "key " + o.KeyID
	s = gateway.Settlement{Outcome: gateway.OK, Status: 200, User: pick("", "ann", "bob"), Duration: time.Second, FirstToken: time.Second / 3}
	if r.IntN(3) == 0 {
		s.Tags = []string{"red"}
	}
	// Failures that cost, retries, and a second attempt that was slower: each is billed for what it took.
	for range 1 + r.IntN(4) {
		used := gateway.Used{Input: llm.Tokens(r.Int64N(1000)), Output: llm.Tokens(r.Int64N(300))}
		if r.IntN(3) == 0 {
			used = gateway.Used{}
		}
		s.Attempts = append(s.Attempts, gateway.Attempt{
			Provider: pick("one", "two"), Model: "m", CredentialType: pick("own", "gateway"), Outcome: gateway.Failed, Status: 500, Used: used,
		})
	}
	last := &s.Attempts[len(s.Attempts)-1]
	s.Provider, s.Model = last.Provider, pick("a/1", "b/2")
	s.Usage = llm.Usage{Input: last.Used.Input, Output: last.Used.Output}
	last.Outcome = gateway.OK
	switch r.IntN(6) {
	case 0:
		s.Outcome, s.Kind, s.Status, last.Outcome = gateway.Failed, llm.ErrOverloaded, 529, gateway.Failed
	case 1:
		s.Outcome, last.Outcome = gateway.Cancelled, gateway.Cancelled
	}
	return s, o
}

// startedAt is the moment that an id was made, to the millisecond.
func startedAt(id string) time.Time {
	const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	ms := int64(0)
	for _, c := range id[4:14] {
		ms = ms<<5 | int64(strings.IndexRune(digits, c))
	}
	return time.UnixMilli(ms)
}

// runLedger settles requests, prints "begun ID" and "settled ID", and waits to be killed.
func runLedger(folder string) {
	db, err := store.Open(filepath.Join(folder, "gatehouse.db"), store.Options{})
	if err != nil {
		fmt.Println("failed", err)
		os.Exit(1)
	}
	h, err := Open(db, Options{Pricer: prices{}})
	if err != nil {
		fmt.Println("failed", err)
		os.Exit(1)
	}
	// What the process before left is stored first: killed over and over before a commit ends, a process would hold all that
	// came before, up to the bound.
	for len(h.liveRecords()) > 0 {
		_ = h.change(context.Background(), func(*store.Tx, *roller) error { return nil }) // waits for the commit that runs
	}
	slots := make(chan struct{}, 50)
	for range ledgerRound {
		slots <- struct{}{}
		go func() {
			s, o := stage(gateway.NewRequestID(day0.Add(rand.N(50 * time.Hour))))
			e := h.Begin(o)
			e.Guard(context.Background())
			if _, dropped := h.Health(); h.Unguarded() > 0 || dropped > 0 {
				fmt.Println("unguarded", o.ID)
				select {}
			}
			fmt.Println("begun", o.ID)
			time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond)
			e.Settle(s)
			fmt.Println("settled", o.ID)
			<-slots
		}()
	}
	select {}
}

// ledgerProcess runs requests in a process of its own and kills it at some moment; it tells which began and which settled.
func ledgerProcess(t *testing.T, folder string, begun, settled map[string]bool) (enough bool) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), ledgerFolder+"="+folder)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	after, lines := ledgerRound+rand.IntN(ledgerRound), 0 // both lines of each request count
	for in := bufio.NewScanner(out); in.Scan(); {
		word, id, _ := strings.Cut(in.Text(), " ")
		switch word {
		case "begun":
			begun[id] = true
		case "settled":
			settled[id] = true
		case "unguarded":
			_ = cmd.Process.Kill() // a machine too busy to write in time proves nothing
			continue
		default:
			t.Fatal(in.Text())
		}
		if lines++; lines >= after {
			_ = cmd.Process.Kill()
		}
	}
	_ = cmd.Wait()
	return len(begun) >= ledgerRequests
}

// Ten thousand requests with failures, retries, attempts beside each other and cancels, over processes that are killed at any
// moment: each that a client saw begin is there once, what its attempts took is what the provider billed, and whatever
// reports are grouped by, they say the same as all records do.
func TestLedger(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	begun, settled := map[string]bool{}, map[string]bool{}
	rounds := 0
	for ; !ledgerProcess(t, folder, begun, settled); rounds++ {
		if rounds > 60 {
			t.Skipf("this machine is too busy: %d requests in %d processes", len(begun), rounds)
		}
	}
	b := start(t, folder)
	b.stored(t)
	records := checkReports(t, b)
	seen, outcomes := map[string]bool{}, map[gateway.Outcome]int{}
	var billed, counted, input, wantInput int64
	for _, r := range records {
		if seen[r.ID] {
			t.Fatalf("%s is there twice", r.ID)
		}
		seen[r.ID] = true
		outcomes[r.Outcome]++
		if r.Outcome == gateway.Interrupted {
			if settled[r.ID] && !begun[r.ID] {
				t.Errorf("%s was settled before it began", r.ID)
			}
			continue
		}
		s, o := stage(r.ID)
		if r.Outcome != s.Outcome || r.Key != o.Key || len(r.Attempts) != len(s.Attempts) {
			t.Fatalf("%s: %+v, want %+v", r.ID, r, s)
		}
		for i, a := range s.Attempts {
			billed += a.Used.Input.Or(0) + a.Used.Output.Or(0)
			counted += r.Attempts[i].Used.Input.Or(0) + r.Attempts[i].Used.Output.Or(0)
		}
		wantInput += s.Usage.Input.Or(0)
		if r.InputTokens != nil {
			input += *r.InputTokens
		}
	}
	for id := range begun {
		if !seen[id] {
			t.Errorf("%s is missing", id)
		}
	}
	if billed != counted || input != wantInput || outcomes[gateway.Open] > 0 {
		t.Errorf("billed %d, counted %d; %d tokens in, not %d; %v", billed, counted, input, wantInput, outcomes)
	}
	t.Logf("%d records of %d processes: %v", len(records), rounds+1, outcomes)
	groupsAgree(t, b, int64(len(records)))
}

// groupsAgree holds the sums of all groupings to each other.
func groupsAgree(t *testing.T, b *bench, requests int64) {
	t.Helper()
	var want string
	for _, by := range []By{ByModel, ByProvider, ByProject, ByKey, ByClient, ByUser, ByTag, ByCredential, ByOutcome, ByErrorKind} {
		report, err := b.Report(t.Context(), ReportQuery{By: by, Bucket: Hourly})
		if err != nil {
			t.Fatal(err)
		}
		var groups, buckets Figures
		for _, g := range report.Groups { // no request has two tags here
			groups = groups.Plus(g.Figures)
		}
		for _, part := range report.Buckets {
			buckets = buckets.Plus(part.Figures)
		}
		for what, f := range map[string]Figures{"totals": report.Totals, "groups": groups, "hours": buckets} {
			if want == "" {
				want = pretty(f)
			}
			if got := pretty(f); got != want || f.Requests != requests {
				t.Errorf("by %s, %s: %s, want %s", by, what, got, want)
			}
		}
	}
}
