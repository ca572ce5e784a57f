package responses_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/responses"
)

// longConversation is a request of about a megabyte with twenty tools.
func longConversation() []byte {
	var b strings.Builder
	b.WriteString(`{"model":"m","stream":true,"tools":[`)
	for i := range 20 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"type":"function","name":"tool_%d","description":"%s","parameters":{"type":"object","properties":{"a":{"type":"string"}}}}`,
			i, strings.Repeat("does things ", 20))
	}
	b.WriteString(`],"input":[{"role":"user","content":"hi"}`)
	text := strings.Repeat(`line of output with \"quotes\" and some 世界\n`, 60)
	for i := 0; b.Len() < 1<<20; i++ {
		fmt.Fprintf(&b, `,{"type":"function_call","call_id":"c%d","name":"tool_%d","arguments":"{\"path\":\"a/b/c\"}"}`, i, i%20)
		fmt.Fprintf(&b, `,{"type":"function_call_output","call_id":"c%d","output":"%s"}`, i, text)
		fmt.Fprintf(&b, `,{"type":"message","role":"assistant","content":[{"type":"output_text","text":"I looked at it."}]}`)
	}
	b.WriteString("]}")
	return []byte(b.String())
}

func BenchmarkDecodeRequest(b *testing.B) {
	body := longConversation()
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := responses.DecodeRequest(body, responses.DecodeOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncodeRequest(b *testing.B) {
	body := longConversation()
	req, _, err := responses.DecodeRequest(body, responses.DecodeOptions{})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := responses.EncodeRequest(req, responses.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

func tokens() []llm.Event {
	var deltas []llm.PartDelta
	for range 200 {
		deltas = append(deltas, llm.PartDelta{Text: "token "})
	}
	return answer(part(0, llm.Text{}, deltas...), finish(llm.FinishStop))
}

func BenchmarkEncodeStream200(b *testing.B) {
	events, opts := tokens(), options(b)
	b.ReportAllocs()
	for b.Loop() {
		e := responses.NewEncoder(opts)
		for _, event := range events {
			e.Encode(event)
		}
	}
}

func BenchmarkDecodeStream200(b *testing.B) {
	stream := encode(tokens(), options(b))
	b.ReportAllocs()
	for b.Loop() {
		for _, err := range responses.DecodeStream(bytes.NewReader(stream)) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkMarshalForComparison(b *testing.B) {
	body := longConversation()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if !json.Valid(body) {
			b.Fatal()
		}
	}
}
