package provider

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"gatehouse/backend/catalog"
	"gatehouse/backend/llm"
	"gatehouse/backend/protocol"
	"gatehouse/backend/protocol/whole"
)

// priceCase is a usage object as a provider sends it, with the price as a list says it and the cost that must come of
// the two; nil is unknown. Answer is what stands beside the usage in the answer, Sum how the cost comes about.
type priceCase struct {
	Name    string                     `json:"name"`
	Dialect llm.Dialect                `json:"dialect"`
	Usage   json.RawMessage            `json:"usage"`
	Answer  map[string]json.RawMessage `json:"answer"`
	Price   json.RawMessage            `json:"price"`
	// Body and Stream are whole answers in place of a usage, of what is passed on whole.
	Body     json.RawMessage `json:"body"`
	Stream   string          `json:"stream"`
	At       string          `json:"at"` // when the call ended
	Cost     *string         `json:"cost"`
	Sum      string          `json:"sum"`
	Reported *string         `json:"reported"`
	Market   *string         `json:"market"`
}

// TestPrices holds costs to the table in testdata/prices, to the last 1e-12 USD: the same whether the answer was
// streamed or not, passed on or translated.
func TestPrices(t *testing.T) {
	files, err := filepath.Glob("testdata/prices/*.json")
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var cases []priceCase
		if err := json.Unmarshal(text, &cases); err != nil {
			t.Fatal(file, err)
		}
		count += len(cases)
		for _, c := range cases {
			t.Run(strings.TrimSuffix(filepath.Base(file), ".json")+"/"+c.Name, c.check)
		}
	}
	if count < 120 {
		t.Errorf("the table has only %d cases", count)
	}
}

func (c priceCase) check(t *testing.T) {
	price, ok := PriceOf(c.Price)
	if !ok {
		t.Fatalf("the price can't be read: %s", c.Price)
	}
	at := time.Time{}
	if c.At != "" {
		var err error
		if at, err = time.Parse(time.RFC3339, c.At); err != nil {
			t.Fatal(err)
		}
	}
	usages := c.usages(t)
	one := usages["passed on"]
	one.Raw = nil
	for way, u := range usages {
		if u.Raw = nil; !reflect.DeepEqual(u, one) {
			t.Errorf("%s: %+v, passed on %+v", way, u, one)
		}
		bill := price.Cost(u, at)
		if got := costText(int64(bill.Total), bill.Known); got != textOr(c.Cost) {
			t.Errorf("%s: %s, want %s (%s)\n%+v", way, got, textOr(c.Cost), c.Sum, u)
		}
		for _, told := range []struct {
			what string
			got  llm.Count
			want *string
		}{{"reported", u.Reported, c.Reported}, {"market", u.Market, c.Market}} {
			n, known := told.got.Get()
			if got := costText(n, known); got != textOr(told.want) {
				t.Errorf("%s: %s %s, want %s", way, told.what, got, textOr(told.want))
			}
		}
		var sum catalog.PicoUSD
		for _, l := range bill.Lines {
			if l.Amount != nil {
				sum += *l.Amount
			}
		}
		if bill.Known && sum != bill.Total {
			t.Errorf("%s: the lines make %s, the total is %s", way, sum.USD(), bill.Total.USD())
		}
	}
}

// usages is what is read of the usage, in every way in which it can come.
func (c priceCase) usages(t *testing.T) map[string]llm.Usage {
	if c.Body != nil {
		out := map[string]llm.Usage{"passed on": tapped(whole.NewTap("application/json", -1), string(c.Body))}
		if c.Stream != "" {
			out["passed on, streamed"] = tapped(whole.NewTap("text/event-stream", -1), c.Stream)
		}
		return out
	}
	if c.Dialect == "embeddings" {
		return map[string]llm.Usage{"passed on": tapped(protocol.For(llm.Embeddings).NewTap(false), c.with(t, `{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.1]}],"model":"m"}`, "usage"))}
	}
	body, stream := c.body(t), c.stream(t)
	codec := protocol.For(dialectOf[c.Dialect])
	usages := map[string]llm.Usage{"passed on": tapped(codec.NewTap(false), body), "passed on, streamed": tapped(codec.NewTap(true), stream)}
	if codec.DecodeResponse != nil {
		events, err := codec.DecodeResponse([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		usages["translated"] = last(events)
		var streamed []llm.Event
		for e, err := range codec.DecodeStream(strings.NewReader(stream)) {
			if err != nil {
				t.Fatal(err)
			}
			streamed = append(streamed, e)
		}
		usages["translated, streamed"] = last(streamed)
	}
	return usages
}

var dialectOf = map[llm.Dialect]llm.Dialect{
	"chat": llm.ChatCompletions, "responses": llm.Responses, "messages": llm.Messages, "gemini": llm.Gemini, "aisdk": llm.AISDK,
}

func costText(pico int64, known bool) string {
	if !known {
		return "unknown"
	}
	return catalog.PicoUSD(pico).USD()
}

func textOr(s *string) string {
	if s == nil {
		return "unknown"
	}
	return *s
}

func tapped(tap llm.Tap, answer string) llm.Usage {
	for _, b := range []byte(answer) {
		tap.Write([]byte{b})
	}
	return tap.Close().Usage
}

func last(events []llm.Event) (u llm.Usage) {
	for _, e := range events {
		if update, ok := e.(llm.UsageUpdate); ok {
			u = update.Usage
		}
	}
	return u
}

// body is the answer in one piece.
func (c priceCase) body(t *testing.T) string {
	members := map[llm.Dialect]string{
		"chat":      `{"id":"c1","object":"chat.completion","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":{}}`,
		"responses": `{"id":"resp_1","object":"response","status":"completed","model":"m","output":[{"type":"message","id":"msg_1","role":"assistant","status":"completed","content":[{"type":"output_text","text":"hi","annotations":[]}]}],"usage":{}}`,
		"messages":  `{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"hi"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{}}`,
		"gemini":    `{"candidates":[{"content":{"role":"model","parts":[{"text":"hi"}]},"finishReason":"STOP","index":0}],"modelVersion":"m","responseId":"r1","usageMetadata":{}}`,
		"aisdk":     `{"content":[{"type":"text","text":"hi"}],"finishReason":{"unified":"stop","raw":"stop"},"usage":{},"warnings":[]}`,
	}[c.Dialect]
	return c.with(t, members, map[bool]string{true: "usageMetadata", false: "usage"}[c.Dialect == "gemini"])
}

// with puts the case's usage and what stands beside it into an object.
func (c priceCase) with(t *testing.T, object, usage string) string {
	var o map[string]json.RawMessage
	if err := json.Unmarshal([]byte(object), &o); err != nil {
		t.Fatal(err)
	}
	o[usage] = c.Usage
	for name, v := range c.Answer {
		o[name] = v
	}
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// stream is the answer as events, the way the provider's own streams come.
func (c priceCase) stream(t *testing.T) string {
	var b strings.Builder
	event := func(name, data string) {
		if name != "" {
			fmt.Fprintf(&b, "event: %s\n", name)
		}
		fmt.Fprintf(&b, "data: %s\n\n", data)
	}
	switch c.Dialect {
	case "chat":
		event("", `{"id":"c1","object":"chat.completion.chunk","model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"hi"},"finish_reason":null}],"usage":null}`)
		event("", `{"id":"c1","object":"chat.completion.chunk","model":"m","choices":[{"index":0,"delta":{"content":" there"},"finish_reason":null}],"usage":null}`)
		event("", `{"id":"c1","object":"chat.completion.chunk","model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}`)
		event("", c.with(t, `{"id":"c1","object":"chat.completion.chunk","model":"m","choices":[]}`, "usage"))
		event("", "[DONE]")
	case "responses":
		event("response.created", `{"type":"response.created","sequence_number":0,"response":{"id":"resp_1","object":"response","status":"in_progress","model":"m","service_tier":"auto","output":[],"usage":null}}`)
		event("response.completed", `{"type":"response.completed","sequence_number":1,"response":`+c.body(t)+`}`)
	case "messages":
		event("message_start", `{"type":"message_start","message":`+
			strings.ReplaceAll(c.with(t, `{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null}`, "usage"), `"output_tokens":`, `"output_tokens":1`)+`}`)
		event("content_block_start", `{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`)
		event("content_block_delta", `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"hi"}}`)
		event("content_block_stop", `{"type":"content_block_stop","index":0}`)
		event("message_delta", c.with(t, `{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null}}`, "usage"))
		event("message_stop", `{"type":"message_stop"}`)
	case "gemini":
		event("", `{"candidates":[{"content":{"role":"model","parts":[{"text":"h"}]},"index":0}],"modelVersion":"m","responseId":"r1","usageMetadata":{"promptTokenCount":1,"candidatesTokenCount":1,"totalTokenCount":2}}`)
		event("", c.body(t))
	case "aisdk":
		event("", `{"type":"stream-start","warnings":[]}`)
		event("", `{"type":"text-delta","id":"0","delta":"hi"}`)
		event("", c.with(t, `{"type":"finish","finishReason":{"unified":"stop","raw":"stop"}}`, "usage"))
		event("", "[DONE]")
	}
	return b.String()
}
