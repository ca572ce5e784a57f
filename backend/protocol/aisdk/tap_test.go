package aisdk_test

import (
	"encoding/json"
	"strings"
	"testing"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/aisdk"
)

// What was encoded is what a tap sees, however its bytes are cut, and a cut stream has no end.
func TestTap(t *testing.T) {
	want := `{"Input":8,"CacheRead":3,"CacheWrite5m":3,"CacheWrite1h":null,"Output":7,"Reasoning":2,"Reported":120000000,"Raw":null}`
	flat := `{"Input":11,"CacheRead":3,"CacheWrite5m":null,"CacheWrite1h":null,"Output":7,"Reasoning":2,"Reported":120000000,"Raw":null}`
	for _, v := range versions {
		data := stream(v, answers["text"])
		body, err := aisdk.EncodeResponse(answers["text"], options(v))
		if err != nil {
			t.Fatal(err)
		}
		check := func(how string, seen *llm.Observation, raw string) {
			t.Helper()
			u := seen.Usage
			u.Raw = nil
			usage, _ := json.Marshal(u)
			want := want
			if v == aisdk.V2 { // which does not tell of what went into the cache
				want = flat
			}
			if seen.ID != "gen_1" || seen.Model != "a/b" || string(usage) != want || !seen.Content || !seen.Ended || seen.Err != nil ||
				seen.Finish != (llm.FinishReason{Kind: llm.FinishStop, Raw: raw}) || len(seen.Usage.Raw) == 0 {
				t.Fatalf("%s %s: %+v %s", v, how, seen, usage)
			}
		}
		raw := "end_turn"
		if v == aisdk.V2 {
			raw = "stop"
		}
		for cut := range data {
			tap := aisdk.NewTap(true)
			tap.Write(data[:cut])
			tap.Write(data[cut:])
			check("stream", tap.Close(), raw)
			tap = aisdk.NewTap(true)
			tap.Write(data[:cut])
			if seen := tap.Close(); seen.Ended && cut < len(data)-2 {
				t.Fatalf("%s: cut at %d of %d it has an end", v, cut, len(data))
			}
		}
		tap := aisdk.NewTap(false)
		tap.Write(body[:9])
		tap.Write(body[9:])
		check("body", tap.Close(), raw)
		tap = aisdk.NewTap(false)
		tap.Write(body[:len(body)-1])
		if tap.Close().Ended {
			t.Error("half a body has an end")
		}
	}
}

func TestTapReadsWhatOthersWrite(t *testing.T) {
	for _, c := range []struct{ usage, want string }{
		{`{}`, `{"Input":null,"CacheRead":null,"CacheWrite5m":null,"CacheWrite1h":null,"Output":null,"Reasoning":null`},
		{`{"inputTokens":5,"outputTokens":2,"cachedInputTokens":90}`, `{"Input":5,"CacheRead":90,"CacheWrite5m":null,"CacheWrite1h":null,"Output":2`},
		{`{"inputTokens":{"total":9,"cacheRead":4},"outputTokens":{}}`, `{"Input":5,"CacheRead":4,"CacheWrite5m":null,"CacheWrite1h":null,"Output":null`},
	} {
		tap := aisdk.NewTap(true)
		tap.Write([]byte(`data: {"type":"tool-call","toolCallId":"c","toolName":"t","input":"{}"}` + "\n\n"))
		tap.Write([]byte(`data: {"type":"finish","finishReason":"tool-calls","usage":` + c.usage + "}\n\n"))
		seen := tap.Close()
		usage, _ := json.Marshal(seen.Usage)
		if !strings.HasPrefix(string(usage), c.want) || seen.Finish.Kind != llm.FinishToolCalls || !seen.Content {
			t.Errorf("%s: %s %+v", c.usage, usage, seen)
		}
	}
	for word, kind := range map[string]llm.FinishKind{
		"length": llm.FinishLength, "content-filter": llm.FinishContentFilter, "error": llm.FinishError, "unknown": llm.FinishOther,
	} {
		tap := aisdk.NewTap(false)
		tap.Write([]byte(`{"finishReason":"` + word + `","response":{"id":"r"}}`))
		if seen := tap.Close(); seen.Finish != (llm.FinishReason{Kind: kind, Raw: word}) || seen.ID != "r" {
			t.Errorf("%+v", seen)
		}
	}
}

// Each error comes back with its class, from a body and from a stream.
func TestErrorsComeBack(t *testing.T) {
	for _, e := range []*llm.Error{
		llm.Errorf(llm.ErrAuth, "m"), llm.Errorf(llm.ErrAuth, "m").WithStatus(403), llm.Errorf(llm.ErrAuth, "m").WithStatus(402),
		llm.Errorf(llm.ErrRateLimit, "m"), llm.Errorf(llm.ErrNotFound, "m"), llm.Errorf(llm.ErrBadRequest, "m"),
		llm.Errorf(llm.ErrOverloaded, "m"), llm.Errorf(llm.ErrTimeout, "m"), llm.Errorf(llm.ErrInternal, "m"),
	} {
		status, body := aisdk.EncodeError(e, "", "")
		tap := aisdk.NewTap(true)
		tap.Write(aisdk.EncodeStreamError(e))
		bare := aisdk.NewTap(true)
		bare.Write([]byte("data: " + strings.Replace(string(body), "{", `{"type":"error",`, 1) + "\n\n"))
		for i, got := range []*llm.Error{aisdk.DecodeError(status, body), tap.Close().Err, bare.Close().Err} {
			if got == nil || got.Kind != e.Kind || got.HTTPStatus() != e.HTTPStatus() || got.Message != "m" {
				t.Errorf("%v comes back as %v (%d)", e, got, i)
			}
		}
	}
	for body, want := range map[string]string{`{"error":"x"}`: "x", `<html>`: "Bad Gateway", ``: "Bad Gateway"} {
		if e := aisdk.DecodeError(502, []byte(body)); e.Message != want {
			t.Errorf("%s: %v", body, e)
		}
	}
}

func FuzzTap(f *testing.F) {
	f.Add([]byte("data: {\"type\":\"finish\",\"usage\":{\"inputTokens\":{}}}\n\n"), true)
	f.Add([]byte(`{"usage":{"inputTokens":1}}`), false)
	f.Fuzz(func(t *testing.T, data []byte, stream bool) {
		whole, split := aisdk.NewTap(stream), aisdk.NewTap(stream)
		whole.Write(data)
		for i := range data {
			split.Write(data[i : i+1])
		}
		a, b := whole.Close(), split.Close()
		if a.ID != b.ID || a.Ended != b.Ended || a.Finish != b.Finish || a.Usage.Input != b.Usage.Input || (a.Err == nil) != (b.Err == nil) {
			t.Errorf("%+v\n%+v", a, b)
		}
	})
}
