package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/backend/control"
	"gatehouse/backend/gateway"
	"gatehouse/backend/store"
	"gatehouse/backend/usage"
)

// ledgerVariable says how many requests TestLedgerOverHTTP makes, in place of fewer.
const ledgerVariable = "GATEHOUSE_TEST_LEDGER"

// ledgerClient asks one Gatehouse after the other, each in a process of its own.
type ledgerClient struct {
	http  *http.Client
	token string
	mu    sync.Mutex
	seen  map[int]string // ids of requests whose answer began, by their numbers
}

// ask makes a request, to its end or as far as its client wants to go. It fails where the process is gone.
func (c *ledgerClient) ask(url string, n int) error {
	f := fateOf(n)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if f.client == "early" {
		leaves := time.AfterFunc(100*time.Millisecond, cancel)
		defer leaves.Stop()
	}
	put := strings.NewReplacer("MODEL", f.model, "TEXT", fmt.Sprintf("N=%d; hello", n))
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+put.Replace(f.way.path), strings.NewReader(put.Replace(f.way.body)))
	if err != nil {
		return err
	}
	for name, value := range map[string]string{
		"Authorization": "Bearer " + c.token, "Content-Type": "application/json", "ai-language-model-id": f.model,
		"ai-language-model-specification-version": "3", f.way.header[0]: f.way.header[1], "X-Gatehouse-User": fmt.Sprint("n", n),
		"X-Gatehouse-Models": ledgerModels[n%len(ledgerModels)], "X-Gatehouse-Hedge": fmt.Sprint(f.hedge),
	} {
		if name != "" {
			req.Header.Set(name, value)
		}
	}
	resp, err := c.http.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // read, or left
	c.mu.Lock()
	c.seen[n] = resp.Header.Get("X-Gatehouse-Request-Id")
	c.mu.Unlock()
	if f.client == "late" {
		_, _ = resp.Body.Read(make([]byte, 8))
		return nil
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	return nil
}

// Requests in every protocol to providers of three, with failures, retries, attempts beside each other, clients that leave and
// processes that are killed: what the history says of attempts is what the providers billed, nothing twice and nothing missing.
func TestLedgerOverHTTP(t *testing.T) {
	total, _ := strconv.Atoi(cmp.Or(os.Getenv(ledgerVariable), "600"))
	const kills, clients = 2, 24
	bill, home := openBiller(t), shortHome(t)
	writeSettings(t, home, ledgerSettings(bill.URL))
	c := &ledgerClient{http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}, seen: map[int]string{}}
	t.Cleanup(c.http.CloseIdleConnections)
	env := []string{"ANTHROPIC_API_KEY=sk-ant-ledger-0123456789", "GEMINI_API_KEY=ledger-0123456789"}
	var next atomic.Int64
	var s *served
	for round := range kills + 1 {
		s = serve(t, home, env...)
		if c.token == "" {
			c.token = call[control.CreatedKey](t, home, "keys.create", control.NewKey{Name: "ledger"}).Secret
		}
		until := int64(total * (round + 1) / (kills + 1))
		var asking sync.WaitGroup
		for range clients {
			asking.Go(func() {
				for {
					n := next.Add(1)
					if n > int64(total) || c.ask(s.url, int(n)) != nil {
						return // all is done, or the process is gone
					}
					if n == until && round < kills {
						_ = s.cmd.Process.Kill() // in the middle of all others
					}
				}
			})
		}
		asking.Wait()
		if round < kills {
			_ = s.cmd.Wait()
		}
	}
	records := ledgerRecords(t, home)
	c.check(t, bill, records)
	budgets := fmt.Sprint(ledgerBudgets(t, home))
	groupsOfLedger(t, home, records)
	backup := backUpAll(t, home, len(records))
	same := func(when string, wantRecords int) {
		t.Helper()
		if n := len(ledgerRecords(t, home)); n != wantRecords {
			t.Errorf("%s: %d records, not %d", when, n, wantRecords)
		}
		if now := fmt.Sprint(ledgerBudgets(t, home)); now != budgets {
			t.Errorf("%s: budgets have spent %s, before %s", when, now, budgets)
		}
	}
	restart := func() {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
		s = serve(t, home, env...)
	}
	restart()
	same("after a restart", len(records))
	since := time.Unix(0, 0)
	if n := call[control.UsageChange](t, home, "usage.delete", control.UsageDeletion{From: &since}).Requests; n != int64(len(records)) {
		t.Errorf("%d of %d are deleted", n, len(records))
	}
	same("deleted", 0)
	if n := call[control.UsageChange](t, home, "backup.restore", control.BackupFile{Path: backup}).Requests; n != int64(len(records)) {
		t.Errorf("%d of %d are put back", n, len(records))
	}
	same("put back", len(records))
	groupsOfLedger(t, home, ledgerRecords(t, home))
	restart()
	same("put back, and after a restart", len(records))
}

// backUpAll makes backups until one has the ends of all requests: what ended a moment ago may be in a journal alone.
func backUpAll(t *testing.T, home string, requests int) (path string) {
	t.Helper()
	folder := t.TempDir()
	for i := range 200 {
		path = filepath.Join(folder, fmt.Sprint(i))
		call[control.BackupDone](t, home, "backup.make", control.BackupFile{Path: path})
		db, err := store.Open(path, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		ends := 0
		err = store.NewBucket[usage.Record](db, "usage").ForEach(func(_ string, r usage.Record) error {
			if r.Outcome != gateway.Open {
				ends++
			}
			return nil
		})
		if err = errors.Join(err, db.Close()); err != nil {
			t.Fatal(err)
		}
		if ends == requests {
			return path
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("the ends of requests are not stored")
	return ""
}

// ledgerRecords gives all records, once none is of a request that runs: some end a moment after their clients left.
func ledgerRecords(t *testing.T, home string) (records []control.UsageRecord) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		records = nil
		open := 0
		for next, more := "", true; more; more = next != "" {
			page := call[control.UsagePage](t, home, "usage.list", control.UsageQuery{Limit: 10_000, Before: next})
			for _, r := range page.Records {
				if r.Outcome == "open" {
					open++
				}
			}
			records, next = append(records, page.Records...), page.Next
		}
		if open == 0 {
			return records
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d requests still run", open)
		}
	}
}

func ledgerBudgets(t *testing.T, home string) (spent []int64) {
	t.Helper()
	for _, b := range call[control.BudgetList](t, home, "budgets.list", control.Empty{}).Budgets {
		if b.Reserved != 0 {
			t.Errorf("%s: %d stays reserved", b.Name, b.Reserved)
		}
		spent = append(spent, b.Spent)
	}
	return spent
}

// check holds records to bills.
func (c *ledgerClient) check(t *testing.T, bill *biller, records []control.UsageRecord) {
	t.Helper()
	byID, byNumber := map[string]control.UsageRecord{}, map[int]string{}
	for n, id := range c.seen {
		byNumber[n] = id
	}
	outcomes, hedged, retried := map[string]int{}, 0, 0
	for _, r := range records {
		outcomes[r.Outcome]++
		if _, twice := byID[r.ID]; twice {
			t.Fatalf("%s is there twice", r.ID)
		}
		byID[r.ID] = r
		if n, err := strconv.Atoi(strings.TrimPrefix(r.User, "n")); err == nil {
			if id := byNumber[n]; id != "" && id != r.ID {
				t.Errorf("request %d is there as %s and %s", n, id, r.ID)
			}
			byNumber[n] = r.ID
		}
		if len(r.Attempts) > 1 {
			retried++
			if r.Attempts[0].Outcome == "cancelled" && r.Outcome == "ok" {
				hedged++
			}
		}
	}
	bill.mu.Lock()
	defer bill.mu.Unlock()
	told, matched := 0, 0
	for n, id := range byNumber {
		r, there := byID[id]
		if !there {
			t.Errorf("request %d, %s, is missing", n, id)
			continue
		}
		a, b := settleLedger(t, n, r, bill.bills[n])
		told, matched = told+a, matched+b
	}
	for n, list := range bill.bills {
		if byNumber[n] != "" {
			continue
		}
		// Its client heard nothing, and no end of it was kept: it can only be one that was killed.
		if len(list) > outcomes["interrupted"] {
			t.Errorf("request %d was billed, and is missing", n)
		}
	}
	t.Logf("%d records: %v; %d answers were billed, %d of them are in the history; %d requests with more than one attempt, %d hedged",
		len(records), outcomes, told, matched, retried, hedged)
	if outcomes["ok"] < len(records)/4 || outcomes["cancelled"] == 0 || outcomes["interrupted"] == 0 || retried == 0 {
		t.Error("the test is too weak")
	}
}

// settleLedger holds a request's record to what was billed for it, and gives how many answers that are, and how many it has.
func settleLedger(t *testing.T, n int, r control.UsageRecord, bills []*ledgerBill) (told, matched int) {
	t.Helper()
	left := map[string]*ledgerBill{}
	for _, b := range bills {
		left[fmt.Sprint(b.provider, b.input)] = b
		if b.told {
			told++
		}
	}
	cost, exact, cut := int64(0), true, 0
	for _, a := range r.Attempts {
		if a.InputTokens == nil {
			if a.Outcome == "cancelled" || a.Outcome == "" {
				cut++
			}
			continue
		}
		key := fmt.Sprint(a.Provider, *a.InputTokens)
		b, guessed := left[key], false
		if b == nil {
			// What broke off before the usage came, or was left by its client, is estimated and marked so.
			for other, cutOff := range left {
				if r.Provenance.Input == "estimated" && cutOff.provider == a.Provider && (!cutOff.told || a.Outcome == "cancelled") {
					key, b, guessed = other, cutOff, true
				}
			}
		}
		if b == nil {
			t.Errorf("request %d, %s, %s: nobody billed %s, or it is there twice: %+v", n, r.ID, r.Outcome, key, r.Attempts)
			continue
		}
		delete(left, key)
		if guessed || !b.told {
			exact = false
			continue
		}
		matched++
		cost += b.cost()
		if a.OutputTokens == nil || *a.OutputTokens != b.output || a.CacheRead != nil && *a.CacheRead != b.cached {
			if a.Outcome != "cancelled" {
				t.Errorf("request %d, %s: %+v was billed as %+v", n, r.ID, a, b)
			}
			exact = false
		}
	}
	for _, b := range left {
		// What a provider sent to nobody any more is billed, and nobody can know of it.
		if cut--; b.told && cut < 0 && r.Outcome != "interrupted" && r.Outcome != "cancelled" {
			t.Errorf("request %d, %s, %s: %+v is missing in %+v", n, r.ID, r.Outcome, b, r.Attempts)
		}
	}
	if exact && r.Outcome == "ok" && (r.CostPicoUSD == nil || *r.CostPicoUSD != cost) {
		t.Errorf("request %d, %s: costs %v, billed %d", n, r.ID, r.CostPicoUSD, cost)
	}
	return told, matched
}

// groupsOfLedger holds the totals of every grouping to the sum of the records.
func groupsOfLedger(t *testing.T, home string, records []control.UsageRecord) {
	t.Helper()
	var want, input, output int64
	for _, r := range records {
		for sum, n := range map[*int64]*int64{&want: r.CostPicoUSD, &input: r.InputTokens, &output: r.OutputTokens} {
			if n != nil {
				*sum += *n
			}
		}
	}
	for _, by := range []string{"model", "provider", "project", "key", "client", "user", "credential", "outcome", "error", "day"} {
		var requests, cost, in, out int64
		for _, row := range call[control.UsageRows](t, home, "usage.totals", control.UsageBy{By: by}).Rows {
			requests, cost, in, out = requests+row.Requests, cost+row.CostPicoUSD, in+row.InputTokens, out+row.OutputTokens
		}
		if requests != int64(len(records)) || cost != want || in != input || out != output {
			t.Errorf("by %s: %d requests of %d, cost %d of %d, %d tokens in of %d, %d out of %d", by, requests, len(records), cost, want, in,
				input, out, output)
		}
	}
}
