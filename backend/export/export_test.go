package export_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"gatehouse/backend/export"
	"gatehouse/backend/gateway"
	"gatehouse/backend/usage"
)

// history holds any number of records without keeping them: each is made of its number.
type history struct {
	records int
	record  func(n int) usage.Record
	fail    error
}

func (h history) Search(_ context.Context, q usage.Search) (usage.Found, error) {
	var out usage.Found
	first := h.records
	if q.Before != "" {
		_, _ = fmt.Sscanf(q.Before, "req_%d", &first)
		if h.fail != nil {
			return out, h.fail
		}
	}
	for n := first - 1; n >= 0; n-- {
		if len(out.Records) == q.Limit {
			out.Next = out.Records[q.Limit-1].ID
			return out, nil
		}
		r := h.record(n)
		r.ID = fmt.Sprintf("req_%d", n)
		out.Records = append(out.Records, r)
	}
	return out, nil
}

func (h history) Totals(ctx context.Context, q usage.ReportQuery) ([]usage.Total, error) {
	found, err := h.Search(ctx, usage.Search{Limit: h.records})
	if err != nil {
		return nil, err
	}
	report, err := usage.Summarize(ctx, found.Records, q)
	if err != nil {
		return nil, err
	}
	var out []usage.Total
	for _, g := range report.Groups {
		out = append(out, usage.Total{Name: g.Name, Figures: g.Figures})
	}
	return out, nil
}

func number(n int64) *int64 { return &n }

// mixed are records of each kind: whole ones, such with unknown numbers, and with texts that need care.
func mixed(n int) usage.Record {
	r := usage.Record{
		StartedAt: time.Date(2026, 11, 20, 10, 0, n, 123_456_000, time.UTC), Key: "cline", Project: "web", Dialect: "messages",
		RequestedModel: "m", Model: "m", Provider: "p", Outcome: gateway.OK, Status: 200, Stream: n%2 == 0,
		Attempts: []gateway.Attempt{{CredentialType: "own"}},
	}
	switch n % 3 {
	case 0:
		r.InputTokens, r.OutputTokens, r.CostPicoUSD = number(1), number(int64(n)), number(1_000_000_000_001)
		r.MarketCostPicoUSD = number(2_000_000_000_002)
		r.CacheSavedPicoUSD, r.FirstTokenMs, r.DurationMs = number(-5), number(0), number(7)
		r.Tags, r.Estimated = []string{"a,b", `c"d`}, []string{"outputTokens"}
	case 1:
		r.Outcome, r.Status, r.Error, r.User = gateway.Failed, 500, "=cmd|' /C calc'!A0\nsecond line, \"quoted\" ü", "-1+1"
	}
	return r
}

func write(t *testing.T, h export.History, q export.Query) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := export.Write(t.Context(), &b, h, q); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func readParquet[R any](t *testing.T, text []byte) []R {
	t.Helper()
	rows, err := parquet.Read[R](bytes.NewReader(text), int64(len(text)))
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func readJSON[R any](t *testing.T, text []byte) []R {
	t.Helper()
	var rows []R
	if err := json.Unmarshal(text, &rows); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return rows
}

func readCSV(t *testing.T, text []byte) (names []string, rows []map[string]string) {
	t.Helper()
	all, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, cells := range all[1:] {
		row := map[string]string{}
		for i, cell := range cells {
			row[all[0][i]] = cell
		}
		rows = append(rows, row)
	}
	return all[0], rows
}

// The three formats hold the same rows, over several pages.
func TestFormatsAgree(t *testing.T) {
	for _, records := range []int{0, 1, 2003} {
		h := history{records: records, record: mixed}
		asJSON := readJSON[export.Request](t, write(t, h, export.Query{Format: export.JSON}))
		asParquet := readParquet[export.Request](t, write(t, h, export.Query{Format: export.Parquet}))
		names, asCSV := readCSV(t, write(t, h, export.Query{Format: export.CSV}))
		if len(asJSON) != records || len(asParquet) != records || len(asCSV) != records {
			t.Fatalf("%d records are %d, %d and %d rows", records, len(asJSON), len(asParquet), len(asCSV))
		}
		for i := range asJSON {
			text, _ := json.Marshal(asJSON[i])
			other, _ := json.Marshal(asParquet[i])
			if !bytes.Equal(text, other) {
				t.Fatalf("row %d is\n%s in JSON and\n%s in Parquet", i, text, other)
			}
			var values map[string]any
			dec := json.NewDecoder(bytes.NewReader(text))
			dec.UseNumber()
			if err := dec.Decode(&values); err != nil {
				t.Fatal(err)
			}
			for _, name := range names {
				if got, want := asCSV[i][name], inCSV(values[name]); got != want {
					t.Fatalf("row %d: %s is %q in CSV, want %q", i, name, got, want)
				}
			}
		}
	}
}

func inCSV(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		if v != "" && strings.Contains("=+-@", v[:1]) {
			return "'" + v
		}
		return v
	case []any:
		if len(v) == 0 {
			return ""
		}
		text, _ := json.Marshal(v)
		return string(text)
	}
	return fmt.Sprint(v)
}

// Money is exact in both of its columns, and what is not known is not 0.
func TestMoneyAndUnknown(t *testing.T) {
	h := history{records: 3, record: mixed}
	_, rows := readCSV(t, write(t, h, export.Query{Format: export.CSV})) // newest first: 2, 1, 0
	for name, want := range map[string]string{
		"cost_pico_usd": "1000000000001", "cost_usd": "1.000000000001", "cache_saved_pico_usd": "-5", "time_to_first_token_ms": "0",
		"output_tokens": "0", "tags": `["a,b","c\"d"]`, "started_at": "2026-11-20T10:00:00.123456Z", "reported_cost_usd": "",
		"market_cost_pico_usd": "2000000000002", "market_cost_usd": "2.000000000002", "estimated": `["outputTokens"]`,
	} {
		if got := rows[2][name]; got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	for _, name := range []string{"cost_pico_usd", "cost_usd", "output_tokens", "input_tokens", "duration_ms"} {
		if got := rows[1][name]; got != "" {
			t.Errorf("an unknown %s is %q", name, got)
		}
	}
	if r := readParquet[export.Request](t, write(t, h, export.Query{Format: export.Parquet}))[1]; r.CostPicoUSD != nil || r.CostUSD != nil || r.OutputTokens != nil {
		t.Errorf("unknown numbers in Parquet: %+v", r)
	}
}

func TestTotals(t *testing.T) {
	h := history{records: 30, record: mixed}
	q := export.Query{Format: export.Parquet, By: usage.ByOutcome}
	rows := readParquet[export.Total](t, write(t, h, q))
	slices.SortFunc(rows, func(a, b export.Total) int { return cmp.Compare(a.Name, b.Name) })
	if len(rows) != 2 || rows[0].Name != "error" || rows[0].Requests != 10 || rows[0].CostPicoUSD != nil ||
		rows[1].Requests != 20 || *rows[1].CostPicoUSD != 10*1_000_000_000_001 || *rows[1].CostUSD != "10.00000000001" || rows[1].By != "outcome" ||
		rows[0].MarketPicoUSD != nil || *rows[1].MarketPicoUSD != 10*2_000_000_000_002 || *rows[1].MarketUSD != "20.00000000002" ||
		rows[0].Estimated != 0 || rows[1].Estimated != 10 {
		t.Errorf("%+v", rows)
	}
	q.Format = export.JSON
	asJSON := readJSON[export.Total](t, write(t, h, q))
	slices.SortFunc(asJSON, func(a, b export.Total) int { return cmp.Compare(a.Name, b.Name) })
	if !reflect.DeepEqual(asJSON, rows) {
		t.Errorf("%+v in JSON, %+v in Parquet", asJSON, rows)
	}
	q.Format = export.CSV
	names, asCSV := readCSV(t, write(t, h, q))
	if len(asCSV) != 2 || len(names) != reflect.TypeFor[export.Total]().NumField() {
		t.Errorf("%v %v", names, asCSV)
	}
}

// A column has one name in all formats.
func TestColumnNames(t *testing.T) {
	for _, row := range []reflect.Type{reflect.TypeFor[export.Request](), reflect.TypeFor[export.Total]()} {
		for i := range row.NumField() {
			tag := row.Field(i).Tag
			if name, _, _ := strings.Cut(tag.Get("parquet"), ","); name == "" || name != tag.Get("json") {
				t.Errorf("%s.%s is %q in Parquet and %q elsewhere", row.Name(), row.Field(i).Name, name, tag.Get("json"))
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	for _, q := range []export.Query{
		{},
		{Format: "xml"},
		{Format: export.CSV, By: usage.ByModel, Text: "x"},
		{Format: export.CSV, From: time.Unix(2, 0), To: time.Unix(1, 0)},
	} {
		var b bytes.Buffer
		if n, err := export.Write(t.Context(), &b, history{records: 1, record: mixed}, q); err == nil || n != 0 || b.Len() > 0 {
			t.Errorf("%+v: %d rows, %d bytes, %v", q, n, b.Len(), err)
		}
	}
	wanted := errors.New("the disk is gone")
	if _, err := export.Write(t.Context(), io.Discard, history{records: 3000, record: mixed, fail: wanted}, export.Query{Format: export.CSV}); !errors.Is(err, wanted) {
		t.Errorf("a failure on the way is %v", err)
	}
}

// watcher drops what is written and looks at how much memory is in use while it is.
type watcher struct {
	bytes int64
	most  uint64
	calls int
}

func (w *watcher) Write(p []byte) (int, error) {
	w.bytes += int64(len(p))
	if w.calls++; w.calls%50 == 1 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		w.most = max(w.most, m.HeapAlloc)
	}
	return len(p), nil
}

// What is held does not grow with the number of rows: what is written is many times more.
func TestMemoryIsBounded(t *testing.T) {
	records := 100_000
	if testing.Short() {
		records = 40_000
	}
	long := strings.Repeat("x", 300)
	h := history{records: records, record: func(n int) usage.Record {
		r := mixed(n)
		r.Error = fmt.Sprint(n, long)
		return r
	}}
	for _, format := range []export.Format{export.CSV, export.JSON, export.Parquet} {
		runtime.GC()
		var before runtime.MemStats
		runtime.ReadMemStats(&before)
		w := &watcher{}
		rows, err := export.Write(t.Context(), w, h, export.Query{Format: format})
		if err != nil || rows != int64(records) {
			t.Fatalf("%s: %d rows, %v", format, rows, err)
		}
		const limit = 40 << 20
		if held := int64(w.most) - int64(before.HeapAlloc); held > limit {
			t.Errorf("%s holds %d MB while it writes %d MB", format, held>>20, w.bytes>>20)
		} else {
			t.Logf("%s: %d MB written, at most %d MB held", format, w.bytes>>20, held>>20)
		}
	}
}
