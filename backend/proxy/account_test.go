package proxy

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"gatehouse/backend/access"
	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
	"gatehouse/backend/usage"
)

// past is a history that tests write by hand.
type past []usage.Record

func (p past) Get(id string) (usage.Record, bool, error) {
	for _, r := range p {
		if r.ID == id {
			return r, true, nil
		}
	}
	return usage.Record{}, false, nil
}

func (p past) Report(ctx context.Context, q usage.ReportQuery) (*usage.Report, error) {
	return usage.Summarize(ctx, p, q)
}

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t
}

// openPast is a door with a history: of the door's own key all but the first record, which is another's.
func openPast(t *testing.T, edit func(*Options)) *door {
	t.Helper()
	p := &past{}
	d := openDoor(t, doorOptions{edit: func(o *Options, _ *gateway.Options) {
		o.History = p
		if edit != nil {
			edit(o)
		}
	}})
	key, err := d.keys.Authenticate(d.token)
	check(t, err)
	n := func(v int64) *int64 { return &v }
	mine := func(id, when, model, provider string, cost *int64, edit func(*usage.Record)) usage.Record {
		r := usage.Record{
			ID: "req_" + id, KeyID: key.ID, Key: key.Name, StartedAt: at(when), Model: model, Provider: provider, CostPicoUSD: cost,
			InputTokens: n(10), CacheReadTokens: n(5), OutputTokens: n(3), FirstTokenMs: n(120), DurationMs: n(900), Outcome: gateway.OK,
			FinishReason: llm.FinishStop, Stream: true, Attempts: []gateway.Attempt{{CredentialType: "own", At: at(when)}},
		}
		if provider == "gateway" {
			r.Attempts[0].CredentialType = "gateway"
		}
		if edit != nil {
			edit(&r)
		}
		return r
	}
	*p = past{
		mine("OTHER", "2026-11-20T10:00:00Z", "a/one", "openai", n(1e12), func(r *usage.Record) { r.KeyID = "another" }),
		mine("A", "2026-11-20T00:00:00Z", "a/one", "openai", n(250_000_000_000), func(r *usage.Record) {
			r.User, r.Tags = "u1", []string{"x", "y"}
		}),
		mine("B", "2026-11-20T23:59:59Z", "a/one", "gateway", n(1), func(r *usage.Record) { r.Tags = []string{"y"} }),
		mine("C", "2026-11-21T10:30:00+02:00", "b/two", "openai", nil, nil),
		mine("D", "2026-11-21T09:00:00Z", "", "openai", nil, func(r *usage.Record) {
			r.RequestedModel, r.Outcome, r.InputTokens, r.OutputTokens, r.CacheReadTokens = "b/two", gateway.Failed, nil, nil, nil
			r.FirstTokenMs = nil
		}),
		mine("E", "2026-11-22T00:00:00Z", "b/two", "openai", n(4e12), func(r *usage.Record) { r.Outcome = gateway.Cancelled }),
		mine("F", "2026-11-23T00:00:00Z", "b/two", "openai", nil, func(r *usage.Record) { r.Outcome = gateway.Open }),
	}
	return d
}

func TestReport(t *testing.T) {
	d := openPast(t, nil)
	const days = "start_date=2026-11-20&end_date=2026-11-21"
	tokens := func(requests int) string {
		return []string{"", `"input_tokens":15,"output_tokens":3,"cached_input_tokens":5`, `"input_tokens":30,"output_tokens":6,"cached_input_tokens":10`}[requests]
	}
	for query, want := range map[string]string{
		days: `{"results":[{"day":"2026-11-20","total_cost":0.250000000001,"market_cost":0.250000000001,` + tokens(2) + `,"request_count":2},` +
			`{"day":"2026-11-21","total_cost":0,` + tokens(1) + `,"request_count":2,"unknown_cost_count":1}]}`,
		days + "&date_part=hour&provider=openai": `{"results":[{"hour":"2026-11-20T00","total_cost":0.25,"market_cost":0.25,` + tokens(1) + `,"request_count":1},` +
			`{"hour":"2026-11-21T08","total_cost":0,` + tokens(1) + `,"request_count":1,"unknown_cost_count":1},` +
			`{"hour":"2026-11-21T09","total_cost":0,"market_cost":0,"request_count":1}]}`,
		days + "&group_by=model": `{"results":[{"model":"a/one","total_cost":0.250000000001,"market_cost":0.250000000001,` + tokens(2) + `,"request_count":2},` +
			`{"model":"b/two","total_cost":0,` + tokens(1) + `,"request_count":2,"unknown_cost_count":1}]}`,
		days + "&group_by=provider&model=a/one": `{"results":[{"provider":"openai","total_cost":0.25,"market_cost":0.25,` + tokens(1) + `,"request_count":1},` +
			`{"provider":"gateway","total_cost":0.000000000001,"market_cost":0.000000000001,` + tokens(1) + `,"request_count":1}]}`,
		days + "&group_by=credential_type&credential_type=system": `{"results":[{"credential_type":"system","total_cost":0.000000000001,` +
			`"market_cost":0.000000000001,` + tokens(1) + `,"request_count":1}]}`,
		"start_date=2026-11-22&end_date=2026-11-22&group_by=api_key_name": `{"results":[{"api_key_name":"test","total_cost":4,"market_cost":4,` + tokens(1) + `,"request_count":1}]}`,
		days + "&group_by=tag": `{"results":[{"tag":"y","total_cost":0.250000000001,"market_cost":0.250000000001,` + tokens(2) + `,"request_count":2},` +
			`{"tag":"x","total_cost":0.25,"market_cost":0.25,` + tokens(1) + `,"request_count":1}]}`,
		days + "&group_by=user&user_id=u1":                  `{"results":[{"user":"u1","total_cost":0.25,"market_cost":0.25,` + tokens(1) + `,"request_count":1}]}`,
		days + "&group_by=provider&tags=x,y&tags_match=all": `{"results":[{"provider":"openai","total_cost":0.25,"market_cost":0.25,` + tokens(1) + `,"request_count":1}]}`,
		days + "&group_by=model&tags=x,y":                   `{"results":[{"model":"a/one","total_cost":0.250000000001,"market_cost":0.250000000001,` + tokens(2) + `,"request_count":2}]}`,
		days + "&group_by=credential_type": `{"results":[{"credential_type":"byok","total_cost":0.25,` + tokens(2) + `,"request_count":3,"unknown_cost_count":1},` +
			`{"credential_type":"system","total_cost":0.000000000001,"market_cost":0.000000000001,` + tokens(1) + `,"request_count":1}]}`,
		days + "&group_by=user": `{"results":[{"user":"u1","total_cost":0.25,"market_cost":0.25,` + tokens(1) + `,"request_count":1},` +
			`{"total_cost":0.000000000001,` + tokens(2) + `,"request_count":3,"unknown_cost_count":1}]}`,
		days + "&group_by=tag&provider=openai&model=a/one": `{"results":[{"tag":"x","total_cost":0.25,"market_cost":0.25,` + tokens(1) + `,"request_count":1},` +
			`{"tag":"y","total_cost":0.25,"market_cost":0.25,` + tokens(1) + `,"request_count":1}]}`,
		days + "&group_by=model&tags=x,y&tags_match=all&user_id=u1": `{"results":[{"model":"a/one","total_cost":0.25,"market_cost":0.25,` + tokens(1) + `,"request_count":1}]}`,
		days + "&user_id=bob":                       `{"results":[]}`,
		"start_date=2020-01-01&end_date=2020-01-01": `{"results":[]}`,
	} {
		resp, text := d.get("/v1/report?" + query)
		if resp.StatusCode != 200 || strings.TrimSpace(text) != want {
			t.Errorf("%s: %d\n got %s\nwant %s", query, resp.StatusCode, text, want)
		}
	}
	for query, says := range map[string]string{
		"":                      "start_date",
		"start_date=2026-11-20": "end_date",
		"start_date=2026-11-31&end_date=2026-12-01":           "start_date",
		"start_date=2026-11-21&end_date=2026-11-20":           "end_date must not be before",
		days + "&group_by=moon":                               "group_by must be",
		days + "&group_by=hour":                               "group_by must be",
		days + "&group_by=zero_data_retention":                "does not keep",
		days + "&tags=a,b&tags_match=some":                    "tags_match must be",
		days + "&date_part=week":                              "date_part must be",
		days + "&group_by=model&date_part=hour":               "date_part is for",
		days + "&credential_type=other&group_by=api_key_name": "credential_type must be",
	} {
		resp, text := d.get("/v1/report?" + query)
		if resp.StatusCode != 400 || !strings.Contains(text, says) || gjson.Get(text, "error.type").Str != "invalid_request_error" {
			t.Errorf("%s: %d %s\nlacks %s", query, resp.StatusCode, text, says)
		}
	}
}

func TestGeneration(t *testing.T) {
	d := openPast(t, nil)
	for id, want := range map[string]string{
		"gen_A": `{"data":{"id":"gen_A","total_cost":0.25,"upstream_inference_cost":0.25,"usage":0.25,"created_at":"2026-11-20T00:00:00Z",` +
			`"model":"a/one","is_byok":true,"provider_name":"openai","streamed":true,"finish_reason":"stop","latency":120,"generation_time":900,` +
			`"native_tokens_prompt":15,"native_tokens_completion":3,"native_tokens_reasoning":0,"native_tokens_cached":5,` +
			`"native_tokens_cache_creation":0,"billable_web_search_calls":0,"market_cost":0.25,` +
			`"unknown":["native_tokens_reasoning","native_tokens_cache_creation","billable_web_search_calls"],"attempts":[{"attemptNumber":1,`,
		"req_B": `"id":"gen_B","total_cost":0.000000000001,"upstream_inference_cost":0,`,
		"gen_C": `"total_cost":0,"upstream_inference_cost":0,"usage":0,`,
		"gen_D": `"finish_reason":"error"`,
	} {
		resp, text := d.get("/v1/generation?id=" + id)
		if resp.StatusCode != 200 || !strings.Contains(text, want) {
			t.Errorf("%s: %d\n got %s\nwant %s", id, resp.StatusCode, text, want)
		}
	}
	_, text := d.get("/v1/generation?id=gen_C")
	if got := gjson.Get(text, "data"); got.Get("market_cost").Type != gjson.Null || !strings.Contains(got.Get("unknown").Raw, `"total_cost","usage"`) {
		t.Errorf("an unknown cost must say so: %s", text)
	}
	for id, status := range map[string]int{"gen_OTHER": 404, "gen_F": 404, "gen_NONE": 404, "": 400, "chatcmpl-A": 400} {
		resp, text := d.get("/v1/generation?id=" + id)
		if kind := gjson.Get(text, "error.type").Str; resp.StatusCode != status || (status == 404) != (kind == "not_found") {
			t.Errorf("%q: %d %s", id, resp.StatusCode, text)
		}
	}
}

// TestGenerationAtOnce: an answer's id leads to its line as soon as it has ended, for its own key alone.
func TestGenerationAtOnce(t *testing.T) {
	d := openDoor(t, doorOptions{})
	resp, _ := d.post("/v1/chat/completions", `{"model":"sim/echo","messages":[{"role":"user","content":"x"}]}`)
	id := strings.Replace(resp.Header.Get("X-Gatehouse-Request-Id"), "req_", "gen_", 1)
	resp, text := d.get("/v1/generation?id=" + id)
	data := gjson.Get(text, "data")
	if resp.StatusCode != 200 || data.Get("id").Str != id || data.Get("model").Str != "sim/echo" || data.Get("native_tokens_prompt").Int() == 0 {
		t.Errorf("%d %s", resp.StatusCode, text)
	}
	_, other, err := d.keys.Create(access.NewKey{Name: "other"})
	check(t, err)
	if resp, text := d.get("/v1/generation?id="+id, "Authorization", "Bearer "+other); resp.StatusCode != 404 {
		t.Errorf("another key: %d %s", resp.StatusCode, text)
	}
}

func TestCredits(t *testing.T) {
	var asked atomic.Int32
	now := at("2026-11-24T00:00:00Z")
	answers := []func() (string, error){
		func() (string, error) { return "95.50", nil },
		func() (string, error) { return "", errors.New("no network") },
	}
	d := openPast(t, func(o *Options) {
		o.Now = func() time.Time { return now }
		o.Balance = func(context.Context) (string, error) { return answers[asked.Add(1)-1]() }
	})
	want := map[string]any{"balance": "95.50", "total_used": "4.250000000001", "unknown_cost_count": 1.0}
	same := func() {
		t.Helper()
		var got map[string]any
		_, text := d.get("/v1/credits")
		check(t, json.Unmarshal([]byte(text), &got))
		for name, value := range want {
			if got[name] != value {
				t.Errorf("%s: %s", name, text)
			}
		}
	}
	same()
	same()
	if asked.Load() != 1 {
		t.Errorf("the hosted gateway was asked %d times within a minute", asked.Load())
	}
	now = now.Add(time.Minute)
	want["balance"] = ""
	same()
	want["balance"] = ""
	d.Balance = nil
	same()
}
