package proxy

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatehouse/backend/catalog"
	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
	"gatehouse/backend/provider"
	"gatehouse/backend/usage"
)

// halfPrice knows the price of batches alone: 1 for a token.
type halfPrice struct{}

func (halfPrice) Bill(_, model string, u llm.Usage) *catalog.Bill {
	if u.Tier != gateway.BatchTier || model != "openai/gpt-x" {
		return nil
	}
	return &catalog.Bill{Total: catalog.PicoUSD(u.Input.Or(0) + u.CacheRead.Or(0) + u.Output.Or(0)), Known: true, Service: u.Tier}
}

// results are lines as providers write them: an answer, one in another dialect, an error in place of an answer, a refusal, a
// line that is none, and a last one without an end.
const results = `{"id":"batch_req_1","custom_id":"a","response":{"status_code":200,"request_id":"r1","body":{"id":"chatcmpl-1","object":"chat.completion","model":"gpt-x","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":4}}}},"error":null}
{"id":"batch_req_2","custom_id":"b","response":{"status_code":200,"request_id":"r2","body":{"id":"resp_1","object":"response","model":"gpt-x","status":"completed","output":[],"usage":{"input_tokens":20,"output_tokens":7,"output_tokens_details":{"reasoning_tokens":2}}}},"error":null}
{"id":"batch_req_3","custom_id":"c","response":null,"error":{"code":"batch_expired","message":"This request could not be executed."}}
{"id":"batch_req_4","custom_id":"d","response":{"status_code":429,"request_id":"r4","body":{"error":{"message":"slow down"}}},"error":null}
this is no JSON
{"id":"batch_req_5","custom_id":"e","response":{"status_code":200,"request_id":"r5","body":{"object":"list","model":"gpt-x","data":[],"usage":{"prompt_tokens":3,"total_tokens":3}}},"error":null}`

// entered gives the requests of batches in the history, by what their notices say.
func (d *door) entered() map[string]usage.Record {
	d.t.Helper()
	found, err := d.history.Search(context.Background(), usage.Search{Limit: 1000})
	check(d.t, err)
	out := map[string]usage.Record{}
	for _, r := range found.Records {
		if r.Surface == string(llm.Batches) && len(r.Notices) == 1 && strings.Contains(r.Notices[0], "this is the request") {
			name := strings.Fields(strings.TrimPrefix(r.Notices[0], "batch: this is the request "))[0]
			if _, twice := out[name]; twice {
				d.t.Errorf("%s is in the history twice", name)
			}
			out[name] = r
		}
	}
	return out
}

func (d *door) fetch(path string) (*http.Response, string) {
	d.t.Helper()
	req, err := http.NewRequest(http.MethodGet, d.url+path, http.NoBody)
	check(d.t, err)
	req.Header.Set("Authorization", "Bearer "+d.token)
	return d.do(req)
}

// TestBatchesCountByTheirResults: each request of a batch is one of the history, at the price of batches and in the time of the
// batch, however often and in however many parts its results are read.
func TestBatchesCountByTheirResults(t *testing.T) {
	const created = 1_790_000_000
	server, _ := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch path := r.URL.Path; {
		case path == "/v1/files/file-out/content":
			w.Header().Set("Content-Type", "application/octet-stream")
			w.(http.Flusher).Flush() // no length
			_, _ = io.WriteString(w, results)
		case strings.HasSuffix(path, "/content"):
			w.Header().Set("Content-Type", "application/octet-stream")
			_, _ = io.WriteString(w, strings.ReplaceAll(results, `"custom_id":"`, `"custom_id":"other-`))
		case path == "/v1/files" && r.Method == http.MethodGet: // seen before anybody knows that it holds results
			_, _ = io.WriteString(w, `{"object":"list","data":[{"id":"file-out"},{"id":"file-in"}]}`)
		case r.Method == http.MethodPost && strings.HasSuffix(path, "/batches"):
			_, _ = fmt.Fprintf(w, `{"id":"batch_1","object":"batch","created_at":%d,"status":"validating","output_file_id":null}`, created)
		case strings.Contains(path, "/batches/"):
			_, _ = fmt.Fprintf(w, `{"id":"batch_1","object":"batch","created_at":%d,"status":"completed","output_file_id":"file-out"}`, created)
		default:
			_, _ = io.WriteString(w, `{"id":"file-in","object":"file"}`)
		}
	})
	var settled []string
	o := redirected("openai", server.URL+"/v1", providerSecret)
	o.book, o.pricer = true, halfPrice{}
	o.settled = func(r *usage.Record) {
		if r.DurationMs == nil {
			settled = append(settled, r.ID)
		}
	}
	d := openDoor(t, o)
	d.post("/v1/files", "{}", func(r *http.Request) { r.Header.Set("X-Gatehouse-Provider", "openai") })
	if r := d.lastRecord(); r.CostPicoUSD == nil || *r.CostPicoUSD != 0 {
		t.Errorf("keeping a file costs %v", r.CostPicoUSD)
	}
	d.fetch("/v1/files?limit=2")
	d.post("/v1/batches", `{"input_file_id":"file-in","endpoint":"/v1/chat/completions","completion_window":"24h"}`)
	if r := d.lastRecord(); r.CostPicoUSD != nil || len(r.Notices) != 1 || !strings.Contains(r.Notices[0], "are fetched through Gatehouse") {
		t.Errorf("the beginning of a batch is %+v", r)
	}
	if resp, text := d.fetch("/v1/files/file-out/content"); resp.StatusCode != 200 || text != results || len(d.entered()) != 0 {
		t.Errorf("a file of which nothing is known: %d, %d requests", resp.StatusCode, len(d.entered()))
	}
	d.fetch("/v1/batches/batch_1")
	for range 2 {
		resp, text := d.fetch("/v1/files/file-out/content")
		if r := d.lastRecord(); resp.StatusCode != 200 || text != results || r.Outcome != gateway.OK {
			t.Fatalf("%d %q, %+v", resp.StatusCode, text, r)
		}
	}
	got := d.entered()
	for name, want := range map[string]struct {
		outcome                     gateway.Outcome
		status                      int
		dialect                     llm.Dialect
		input, cached, output, cost int64
	}{
		"a": {gateway.OK, 200, llm.ChatCompletions, 6, 4, 5, 15}, "b": {gateway.OK, 200, llm.Responses, 20, -1, 7, 27},
		"c": {gateway.Failed, 0, llm.ChatCompletions, -1, -1, -1, -1}, "d": {gateway.Failed, 429, llm.ChatCompletions, -1, -1, -1, -1},
		"e": {gateway.OK, 200, llm.Embeddings, 3, -1, -1, 3},
	} {
		r, ok := got[name]
		if !ok || r.Outcome != want.outcome || r.Status != want.status || r.Dialect != string(want.dialect) || !r.StartedAt.Equal(time.Unix(created, 0)) ||
			r.Provider != "openai" || r.Key != "test" || r.Project != "tests" || r.DurationMs != nil {
			t.Errorf("%s: %+v", name, r)
			continue
		}
		for i, n := range []*int64{r.InputTokens, r.CacheReadTokens, r.OutputTokens, r.CostPicoUSD} {
			if w := []int64{want.input, want.cached, want.output, want.cost}[i]; (n == nil) != (w < 0) && w != -1 || n != nil && w >= 0 && *n != w {
				t.Errorf("%s: number %d is %v, want %d", name, i, n, w)
			}
		}
	}
	if len(got) != 5 || len(settled) != 5 {
		t.Errorf("%d requests, %d of which were told", len(got), len(settled))
	}
	report, err := d.history.Report(t.Context(), usage.ReportQuery{Filter: usage.Filter{Providers: []string{"openai"}}, From: time.Unix(created, 0), To: time.Unix(created+1, 0)})
	check(t, err)
	if f := report.Totals; f.Requests != 5 || f.CostPicoUSD == nil || *f.CostPicoUSD != 45 {
		t.Errorf("reports say %+v", f)
	}
}

// TestAISDKBatchResults: the AI SDK's own form, over a stream of lines.
func TestAISDKBatchResults(t *testing.T) {
	const line = `{"type":"text","id":"q%d","status":"succeeded","result":{"content":[{"type":"text","text":"hi"}],"finishReason":{"unified":"stop"},"usage":{"inputTokens":{"total":9,"noCache":9,"cacheRead":0},"outputTokens":{"total":4}},"providerMetadata":{"gateway":{"cost":"0.000002","generationId":"gen_%d"}}}}` + "\n"
	server, _ := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if !strings.HasSuffix(r.URL.Path, "/results") {
			_, _ = io.WriteString(w, `{"batchId":"job_1","status":"completed"}`)
			return
		}
		w.Header().Set("Content-Type", "application/x-ndjson")
		w.(http.Flusher).Flush()
		for n := range 1200 {
			_, _ = fmt.Fprintf(w, line, n, n)
		}
	})
	o := redirected(provider.Gateway, server.URL, providerSecret)
	o.book = true
	d := openDoor(t, o)
	d.post("/v4/ai/batch/start", `{"requests":[{"id":"q0","type":"text","modelId":"openai/gpt","options":{}}]}`,
		func(r *http.Request) { r.Header.Set("Ai-Model-Id", "openai/gpt") })
	for range 2 {
		if resp, text := d.post("/v4/ai/batch/results", `{"batchId":"job_1"}`); resp.StatusCode != 200 || strings.Count(text, "\n") != 1200 {
			t.Fatalf("%d, %d lines", resp.StatusCode, strings.Count(text, "\n"))
		}
	}
	report, err := d.history.Report(t.Context(), usage.ReportQuery{By: usage.ByModel})
	check(t, err)
	for _, g := range report.Groups {
		if f := g.Figures; g.Name == "openai/gpt" && (f.OutputTokens == nil || *f.OutputTokens != 1200*4 || *f.ReportedCostPicoUSD != 1200*2_000_000) {
			t.Errorf("%+v", f)
		}
	}
	if f := report.Totals; f.OutputTokens == nil || *f.OutputTokens != 1200*4 {
		t.Errorf("%+v", f)
	}
}
