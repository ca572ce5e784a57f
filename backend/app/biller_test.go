package app

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// What a token of the stand-ins costs, in 1e-12 USD.
const (
	ledgerIn, ledgerCached, ledgerOut = 3_000_000, 300_000, 15_000_000
)

// fate is what becomes of a request: how each of its attempts goes at the providers, and what its client does. It follows from
// the request's number, which its prompt has, so that clients and providers need not speak.
type fate struct {
	attempts []string
	client   string // patient, or it leaves: early, before anything came, or late, after the first piece
	way      ledgerWay
	model    string
	hedge    bool
}

func fateOf(n int) fate {
	r := rand.New(rand.NewPCG(uint64(n), 7)) //nolint:gosec // the same in every run
	pick := func(names ...string) string { return names[r.IntN(len(names))] }
	f := fate{client: "patient", way: ledgerWays[r.IntN(len(ledgerWays))], model: pick(ledgerModels...)}
	for r.IntN(8) == 0 && len(f.attempts) < 3 {
		f.attempts = append(f.attempts, pick("500", "429", "gone", "cut", "slow"))
	}
	if r.IntN(12) == 0 {
		f.client = pick("early", "late")
		f.attempts = append(f.attempts, "slow")
	}
	f.hedge = r.IntN(3) == 0
	return f
}

var ledgerModels = []string{"one/m", "two/m", "anthropic/claude-ledger", "google/gemini-ledger"}

// ledgerWay is a way to ask, in one of the protocols.
type ledgerWay struct {
	path, body string // with MODEL and TEXT in it
	header     [2]string
}

var ledgerWays = []ledgerWay{
	{path: "/v1/chat/completions", body: `{"model":"MODEL","messages":[{"role":"user","content":"TEXT"}]}`},
	{path: "/v1/chat/completions", body: `{"model":"MODEL","stream":true,"messages":[{"role":"user","content":"TEXT"}]}`},
	{path: "/v1/responses", body: `{"model":"MODEL","input":"TEXT"}`},
	{path: "/v1/responses", body: `{"model":"MODEL","stream":true,"input":"TEXT"}`},
	{path: "/v1/messages", body: `{"model":"MODEL","max_tokens":900,"messages":[{"role":"user","content":"TEXT"}]}`},
	{path: "/v1/messages", body: `{"model":"MODEL","max_tokens":900,"stream":true,"messages":[{"role":"user","content":"TEXT"}]}`},
	{path: "/v1beta/models/MODEL:generateContent", body: `{"contents":[{"role":"user","parts":[{"text":"TEXT"}]}]}`},
	{path: "/v1beta/models/MODEL:streamGenerateContent?alt=sse", body: `{"contents":[{"role":"user","parts":[{"text":"TEXT"}]}]}`},
	{path: "/api/chat", body: `{"model":"MODEL","stream":false,"messages":[{"role":"user","content":"TEXT"}]}`},
	{path: "/api/chat", body: `{"model":"MODEL","messages":[{"role":"user","content":"TEXT"}]}`},
	{
		path: "/v3/ai/language-model", body: `{"prompt":[{"role":"user","content":[{"type":"text","text":"TEXT"}]}]}`,
		header: [2]string{"ai-language-model-streaming", "false"},
	},
	{
		path: "/v3/ai/language-model", body: `{"prompt":[{"role":"user","content":[{"type":"text","text":"TEXT"}]}]}`,
		header: [2]string{"ai-language-model-streaming", "true"},
	},
}

// ledgerBill is what a provider has billed for an attempt. No two have the same input.
type ledgerBill struct {
	provider              string
	input, cached, output int64
	// told tells that all of the answer was sent, with the usage at its end.
	told bool
}

func (b *ledgerBill) cost() int64 {
	return b.input*ledgerIn + b.cached*ledgerCached + b.output*ledgerOut
}

// biller is the providers: two that speak Chat Completions, one of Messages and one of Gemini. It keeps the bills.
type biller struct {
	*httptest.Server
	mu    sync.Mutex
	asked map[int]int // attempts of a request
	bills map[int][]*ledgerBill
	next  int64
}

func openBiller(t *testing.T) *biller {
	b := &biller{asked: map[int]int{}, bills: map[int][]*ledgerBill{}}
	b.Server = httptest.NewServer(b)
	t.Cleanup(b.Close)
	return b
}

var ledgerNumber = regexp.MustCompile(`N=(\d+);`)

func (b *biller) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	found := ledgerNumber.FindSubmatch(body)
	if err != nil || found == nil {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"object":"list","data":[],"models":[]}`) // a list of models
		return
	}
	n, _ := strconv.Atoi(string(found[1]))
	provider := strings.Split(r.URL.Path, "/")[1]
	b.mu.Lock()
	f, at := fateOf(n), b.asked[n]
	b.asked[n]++
	b.next++
	bill := &ledgerBill{provider: provider, input: 10_000 + b.next, output: 1 + b.next*7%500}
	if provider == "one" || provider == "two" {
		bill.cached = b.next % 3 * 64
	}
	b.mu.Unlock()
	how := "ok"
	if at < len(f.attempts) {
		how = f.attempts[at]
	}
	switch how {
	case "500", "429":
		status, _ := strconv.Atoi(how)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"error":{"message":"out of order","type":"server_error"}}`)
		return
	case "gone":
		panic(http.ErrAbortHandler)
	case "slow":
		select {
		case <-r.Context().Done():
			return
		case <-time.After(400 * time.Millisecond):
		}
	}
	b.mu.Lock()
	b.bills[n] = append(b.bills[n], bill)
	b.mu.Unlock()
	stream := strings.HasSuffix(r.URL.Path, ":streamGenerateContent") || bytes.Contains(body, []byte(`"stream":true`))
	pieces := bill.answer(stream)
	w.Header().Set("Content-Type", "application/json")
	if stream {
		w.Header().Set("Content-Type", "text/event-stream")
	}
	for i, piece := range pieces {
		if how == "cut" && i == max(len(pieces)/2, 1) {
			panic(http.ErrAbortHandler)
		}
		if how == "cut" && len(pieces) == 1 {
			w.Header().Set("Content-Length", strconv.Itoa(len(piece)))
			piece = piece[:len(piece)/2]
		}
		if _, err := io.WriteString(w, piece); err != nil || http.NewResponseController(w).Flush() != nil {
			return
		}
	}
	if how == "cut" {
		panic(http.ErrAbortHandler)
	}
	b.mu.Lock()
	bill.told = r.Context().Err() == nil
	b.mu.Unlock()
}

// answer writes the provider's answer, as a whole or in the events of a stream.
func (b *ledgerBill) answer(stream bool) (pieces []string) {
	put := func(format string, args ...any) {
		if stream {
			format = "data: " + format + "\n\n"
		}
		pieces = append(pieces, fmt.Sprintf(format, args...))
	}
	switch {
	case b.provider == "anthropic" && stream:
		events := []string{
			fmt.Sprintf(`{"type":"message_start","message":{"id":"m","type":"message","role":"assistant","model":"claude-ledger","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":%d,"output_tokens":1}}}`, b.input),
			`{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`,
			`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"hello"}}`,
			`{"type":"content_block_stop","index":0}`,
			fmt.Sprintf(`{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":%d}}`, b.output),
			`{"type":"message_stop"}`,
		}
		for _, e := range events {
			kind, _, _ := strings.Cut(e[len(`{"type":"`):], `"`)
			pieces = append(pieces, "event: "+kind+"\ndata: "+e+"\n\n")
		}
	case b.provider == "anthropic":
		put(`{"id":"m","type":"message","role":"assistant","model":"claude-ledger","content":[{"type":"text","text":"hello"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":%d,"output_tokens":%d}}`, b.input, b.output)
	case b.provider == "google":
		if stream {
			put(`{"candidates":[{"index":0,"content":{"role":"model","parts":[{"text":"hel"}]}}]}`)
		}
		put(`{"candidates":[{"index":0,"content":{"role":"model","parts":[{"text":"lo"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":%d,"candidatesTokenCount":%d,"totalTokenCount":%d}}`, b.input, b.output, b.input+b.output)
	default:
		used := fmt.Sprintf(`{"prompt_tokens":%d,"completion_tokens":%d,"total_tokens":%d,"prompt_tokens_details":{"cached_tokens":%d}}`,
			b.input+b.cached, b.output, b.input+b.cached+b.output, b.cached)
		if !stream {
			put(`{"id":"c","object":"chat.completion","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}],"usage":%s}`, used)
			return pieces
		}
		put(`{"id":"c","object":"chat.completion.chunk","model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"hel"}}]}`)
		put(`{"id":"c","object":"chat.completion.chunk","model":"m","choices":[{"index":0,"delta":{"content":"lo"},"finish_reason":"stop"}]}`)
		put(`{"id":"c","object":"chat.completion.chunk","model":"m","choices":[],"usage":%s}`, used)
		put(`[DONE]`)
	}
	return pieces
}

func ledgerSettings(url string) string {
	price := fmt.Sprintf(`{"pricing":{"input":"0.%012d","input_cache_read":"0.%012d","output":"0.%012d"}}`, ledgerIn, ledgerCached, ledgerOut)
	var prices []string
	for _, model := range ledgerModels {
		prices = append(prices, `"`+model+`":`+price)
	}
	return `{"discoverLocal":false,"providers":{
		"one":{"type":"openai-compatible","baseURL":"` + url + `/one/v1","local":true},
		"two":{"type":"openai-compatible","baseURL":"` + url + `/two/v1","local":true},
		"anthropic":{"baseURL":"` + url + `/anthropic"},"google":{"baseURL":"` + url + `/google"}},
		"catalog":{` + strings.Join(prices, ",") + `},
		"budgets":{"all":{"usd":"100000","per":"total"},"one":{"usd":"100000","per":"total","model":"one/*"}}}`
}
