package usage

import (
	"encoding/json"
	"testing"
	"time"

	"gatehouse/backend/catalog"
	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
	"gatehouse/backend/prefix"
)

// FuzzAppendRecord holds the quick encoder to encoding/json, byte for byte.
func FuzzAppendRecord(f *testing.F) {
	f.Add("req_1", "key \"quoted\" <b> & é \x00\xff", int64(7), true, 3)
	f.Add("", "", int64(0), false, 0)
	f.Fuzz(func(t *testing.T, id, text string, n int64, known bool, attempts int) {
		r := &Record{
			ID: id, StartedAt: time.Unix(n%4e9, n%1e9), KeyID: text, Key: text, Project: id, Client: text, Dialect: id, Surface: text, Stream: known,
			RequestedModel: text, Model: text, Provider: id, UpstreamID: id, Outcome: gateway.Outcome(text), Status: int(n),
			ErrorKind: llm.ErrorKind(text), Error: text, FinishReason: llm.FinishKind(id),
			Rollout: id, Arm: text, ArmServed: known, User: text, Conversation: id,
		}
		if known {
			r.InputTokens, r.OutputTokens, r.CostPicoUSD, r.DurationMs = &n, &n, &n, &n
			r.Reserved = &gateway.Reserved{PicoUSD: &n, Tokens: n, Bytes: n}
			r.Prefix = &prefix.Break{Cause: prefix.Cause(id), Was: text, Part: id, Number: int(n % 1000), Kept: attempts, Tokens: n, CostPicoUSD: &n}
			price := catalog.PicoUSD(n)
			r.OtherCostPicoUSD, r.CacheSavedPicoUSD, r.MarketCostPicoUSD = &n, &n, &n
			r.ReportedCostPicoUSD, r.Bill = &n, &catalog.Bill{
				Over: n, Service: text, Region: id, Hours: text, Discount: n, Source: catalog.Source(text), Version: id,
			}
			for i := range attempts % 5 {
				r.Bill.Lines = append(r.Bill.Lines, catalog.Line{Kind: catalog.Kind(text), Units: n, Price: &price}, catalog.Line{Amount: &price})
				r.Bill.Multipliers = append(r.Bill.Multipliers, n+int64(i))
			}
		}
		for i := range attempts % 4 {
			r.Tags, r.Notices = append(r.Tags, text), append(r.Notices, id)
			r.Estimated, r.Counted = append(r.Estimated, id), append(r.Counted, text)
			r.Attempts = append(r.Attempts, gateway.Attempt{
				Provider: id, Model: text, Reason: text, At: time.Unix(n%4e9, 5).UTC(), Status: i, Kind: llm.ErrorKind(id), Error: text,
				Credential: text, CredentialType: id, Duration: time.Duration(n), Outcome: gateway.Outcome(text),
				CostPicoUSD: r.CostPicoUSD, Used: gateway.Used{Output: map[bool]llm.Count{true: llm.Tokens(n)}[known]},
			})
		}
		want, err := json.Marshal(r)
		got, gotErr := appendRecord(nil, r)
		if (err == nil) != (gotErr == nil) {
			t.Fatalf("errors differ: %v, %v", err, gotErr)
		}
		if err == nil && string(got) != string(want) {
			t.Fatalf("got  %s\nwant %s", got, want)
		}
	})
}
