package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/coder/websocket"

	"gatehouse/backend/control"
	"gatehouse/backend/settings"
	"gatehouse/backend/usage"
)

// The stand-in's prices: each request takes 500 tokens in and 500 out.
const (
	tokensEach = 500
	priceIn    = 10_000_000  // 1e-12 USD a token
	priceOut   = 100_000_000 // likewise
	priceEach  = tokensEach * (priceIn + priceOut)
	fits       = 20
)

// billing is a provider that knows what it billed.
type billing struct {
	*httptest.Server
	billed atomic.Int64 // in 1e-12 USD
	// held, where it is not nil, keeps answers back until it is closed; begun gets one for each.
	held, begun chan struct{}
}

func openBilling(t *testing.T) *billing {
	b := &billing{}
	b.Server = httptest.NewServer(http.HandlerFunc(b.serve))
	t.Cleanup(b.Close)
	return b
}

func (b *billing) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if strings.HasPrefix(r.URL.Path, "/broken") {
		http.Error(w, `{"error":{"message":"out of order"}}`, http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if strings.HasSuffix(r.URL.Path, "/models") {
		_, _ = io.WriteString(w, `{"object":"list","data":[]}`)
		return
	}
	if strings.HasSuffix(r.URL.Path, "/images/generations") {
		_, _ = io.WriteString(w, `{"created":1,"data":[]}`)
		return
	}
	price := int64(priceEach)
	if strings.HasSuffix(r.URL.Path, "/embeddings") {
		price = tokensEach * priceIn
	}
	b.billed.Add(price)
	usage := fmt.Sprintf(`{"prompt_tokens":%d,"completion_tokens":%d,"total_tokens":%d}`, tokensEach, tokensEach, 2*tokensEach)
	switch {
	case strings.HasSuffix(r.URL.Path, "/embeddings"):
		_, _ = fmt.Fprintf(w, `{"object":"list","model":"m","data":[{"object":"embedding","index":0,"embedding":[0.5]}],"usage":{"prompt_tokens":%d,"total_tokens":%[1]d}}`, tokensEach)
	case bytes.Contains(body, []byte(`"stream":true`)):
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, `data: {"id":"c","model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"hi"}}]}`+"\n\n")
		w.(http.Flusher).Flush()
		if b.held != nil {
			b.begun <- struct{}{}
			select {
			case <-b.held:
			case <-r.Context().Done():
				return
			}
		}
		_, _ = io.WriteString(w, `data: {"id":"c","model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`+"\n\n"+
			`data: {"id":"c","model":"m","choices":[],"usage":`+usage+"}\n\ndata: [DONE]\n\n")
	default:
		_, _ = io.WriteString(w, `{"id":"c","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":`+usage+`}`)
	}
}

// budgeted is a whole Gatehouse in this process, with a provider that bills.
type budgeted struct {
	*Core
	t     *testing.T
	url   string
	token string
	http  *http.Client
}

// settingsOf are settings with that provider, prices, and budgets.
func settingsOf(url, budgets string) string {
	price := fmt.Sprintf(`{"pricing":{"input":"%d.%05d","output":"0.%04d"}}`, 0, 1, 1)
	return `{"discoverLocal":false,"providers":{
		"bill":{"type":"openai-compatible","baseURL":"` + url + `/v1","local":true},
		"broken":{"type":"openai-compatible","baseURL":"` + url + `/broken","local":true}},
		"catalog":{"bill/m":` + price + `,"bill/free":{"pricing":{"input":"0","output":"0"}},"broken/m":` + price + `},
		"virtualModels":{"coder":{"model":"bill/m"},"sure":{"model":"broken/m","options":{"models":["bill/m"]}}},` + budgets + `}`
}

func writeSettings(t *testing.T, home, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(home, settings.FileName), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func openBudgeted(t *testing.T, home, token string) *budgeted {
	t.Helper()
	core, err := Open(Options{Home: home, Version: "test", Build: "headless", Addr: "127.0.0.1:0", Pages: fstest.MapFS{}})
	if err == nil {
		err = core.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	b := &budgeted{Core: core, t: t, url: core.Service().Status().Endpoint.URL, token: token, http: &http.Client{Transport: &http.Transport{}}}
	t.Cleanup(func() { b.close() })
	if token == "" {
		b.token = calls[control.CreatedKey](b, "keys.create", control.NewKey{Name: "zed", Project: "p"}).Secret
	}
	return b
}

func (b *budgeted) close() {
	b.http.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	b.Close(ctx)
}

func calls[R any](b *budgeted, name string, params any) R {
	b.t.Helper()
	body, err := json.Marshal(params)
	if err != nil {
		b.t.Fatal(err)
	}
	result, err := b.Dispatcher().Call(b.t.Context(), name, body)
	if err != nil {
		b.t.Fatalf("%s: %v", name, err)
	}
	return result.(R)
}

func (b *budgeted) budget(name string) control.Budget {
	b.t.Helper()
	for _, s := range calls[control.BudgetList](b, "budgets.list", control.Empty{}).Budgets {
		if s.Name == name {
			return s
		}
	}
	b.t.Fatalf("there is no budget %q", name)
	return control.Budget{}
}

// post sends a request to its end and gives its status and body.
func (b *budgeted) post(path, body string, header ...string) (int, string) {
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.url+path, strings.NewReader(body))
	if err != nil {
		return 0, err.Error()
	}
	req.Header.Set("Authorization", "Bearer "+b.token)
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := b.http.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close() //nolint:errcheck // read to its end
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, string(text)
}

// way is a way in.
type way struct {
	name string
	ask  func(b *budgeted) (status int, text string)
}

func posts(path, body string, header ...string) func(*budgeted) (int, string) {
	return func(b *budgeted) (int, string) { return b.post(path, body, header...) }
}

const (
	chatBody   = `{"model":"bill/m","messages":[{"role":"user","content":"x"}]}`
	promptBody = `{"prompt":[{"role":"user","content":[{"type":"text","text":"x"}]}]}`
)

var ways = []way{
	{"chat", posts("/v1/chat/completions", chatBody)},
	{"chat, streamed", posts("/v1/chat/completions", `{"model":"bill/m","stream":true,"messages":[{"role":"user","content":"x"}]}`)},
	{"responses", posts("/v1/responses", `{"model":"bill/m","input":"x"}`)},
	{"messages", posts("/v1/messages", `{"model":"bill/m","max_tokens":4000,"messages":[{"role":"user","content":"x"}]}`)},
	{"gemini", posts("/v1beta/models/bill/m:generateContent", `{"contents":[{"role":"user","parts":[{"text":"x"}]}]}`)},
	{"ai sdk", posts("/v3/ai/language-model", promptBody, "ai-language-model-id", "bill/m", "ai-language-model-specification-version", "3", "ai-language-model-streaming", "false")},
	{"ollama", posts("/api/chat", `{"model":"bill/m","stream":false,"messages":[{"role":"user","content":"x"}]}`)},
	{"claude-code", posts("/claude-code/v1/messages", `{"model":"bill/m","max_tokens":4000,"messages":[{"role":"user","content":"x"}]}`)},
	{"embeddings", posts("/v1/embeddings", `{"model":"bill/m","input":"x"}`)},
	{"embeddings of gemini", posts("/v1beta/models/bill/m:embedContent", `{"content":{"parts":[{"text":"x"}]}}`)},
	{"virtual model", posts("/v1/chat/completions", strings.Replace(chatBody, "bill/m", "coder", 1))},
	{"fallback", posts("/v1/chat/completions", strings.Replace(chatBody, "bill/m", "sure", 1))},
	{"fallback of messages", posts("/v1/messages", `{"model":"sure","max_tokens":4000,"messages":[{"role":"user","content":"x"}]}`)},
	{"background", background},
	{"websocket", socketTurn},
	{"chat window", chatTurn},
}

// background asks for an answer that is written in the background, and waits for it.
func background(b *budgeted) (int, string) {
	status, text := b.post("/v1/responses", `{"model":"bill/m","background":true,"input":"x"}`)
	if status != http.StatusOK {
		return status, text
	}
	var r struct {
		ID, Status string
		Error      struct{ Code, Message string }
	}
	for {
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			return 0, err.Error()
		}
		switch r.Status {
		case "completed":
			return http.StatusOK, text
		case "failed":
			if r.Error.Code == "quota_for_entity_exceeded" {
				return http.StatusPaymentRequired, r.Error.Message
			}
			return http.StatusInternalServerError, text
		}
		req, _ := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.url+"/v1/responses/"+r.ID, nil)
		req.Header.Set("Authorization", "Bearer "+b.token)
		resp, err := b.http.Do(req)
		if err != nil {
			return 0, err.Error()
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK {
			return resp.StatusCode, string(body)
		}
		text = string(body)
	}
}

// socketTurn is one turn over a WebSocket.
func socketTurn(b *budgeted) (int, string) {
	ctx, cancel := context.WithTimeout(b.t.Context(), 30*time.Second)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, strings.Replace(b.url, "http", "ws", 1)+"/v1/responses", &websocket.DialOptions{
		HTTPClient: b.http, HTTPHeader: http.Header{"Authorization": {"Bearer " + b.token}},
	})
	if err != nil {
		return 0, err.Error()
	}
	defer conn.CloseNow() //nolint:errcheck // the turn is over
	if err := conn.Write(ctx, websocket.MessageText, []byte(`{"type":"response.create","model":"bill/m","input":"x"}`)); err != nil {
		return 0, err.Error()
	}
	for {
		_, text, err := conn.Read(ctx)
		if err != nil {
			return 0, err.Error()
		}
		var e struct {
			Type   string
			Status int
		}
		if err := json.Unmarshal(text, &e); err != nil {
			return 0, err.Error()
		}
		switch e.Type {
		case "response.completed":
			return http.StatusOK, string(text)
		case "error":
			return e.Status, string(text)
		case "response.failed":
			return 0, string(text)
		}
	}
}

// chatTurn is a turn in the chat window, which goes the same way in this process.
func chatTurn(b *budgeted) (int, string) {
	turns := b.Events().Subscribe(1000)
	defer turns.Close()
	sent, err := b.Dispatcher().Call(b.t.Context(), "chat.send", []byte(`{"conversation":"","model":"bill/m","text":"x"}`))
	if err != nil {
		return 0, err.Error()
	}
	id := sent.(control.ConversationDetail).Conversation.ID
	for {
		params, _ := json.Marshal(control.ConversationRef{Conversation: id})
		got, err := b.Dispatcher().Call(b.t.Context(), "chat.get", params)
		if err != nil {
			return 0, err.Error()
		}
		list := got.(control.ConversationDetail).Turns
		switch last := list[len(list)-1]; last.State {
		case "done":
			return http.StatusOK, last.Text
		case "failed":
			if strings.Contains(last.Error, "gatehouse budget allow") {
				return http.StatusPaymentRequired, last.Error
			}
			return http.StatusInternalServerError, last.Error
		}
		for kind := ""; kind != "chat.turn"; {
			e, err := turns.Next(b.t.Context())
			if err != nil {
				return 0, err.Error()
			}
			kind = e.Type
		}
	}
}

// TestBudgetHoldsOnEveryWay: many requests at once, by every way in, against a budget that 20 of them fit in. What was
// billed is what is counted; it passes the limit by the error of estimates at most; nobody is refused for good while there
// is room; and all of it is the same after a restart.
func TestBudgetHoldsOnEveryWay(t *testing.T) {
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			bill, home := openBilling(t), shortHome(t)
			limit := int64(fits * priceEach)
			writeSettings(t, home, settingsOf(bill.URL, fmt.Sprintf(`"budgets":{"b":{"usd":"%d.%012d","per":"total"}}`, limit/1e12, limit%1e12)))
			b := openBudgeted(t, home, "")
			many := 150
			switch w.name {
			case "chat":
				many = 500
			case "background": // no more than a few are written at once
				many = 8
			}
			var all sync.WaitGroup
			for range many {
				all.Go(func() { b.judge(w.ask(b)) })
			}
			all.Wait()
			for refused := 0; refused < 3; {
				if status, text := w.ask(b); b.judge(status, text) {
					refused++
				}
			}
			over := b.held(bill)
			if s := b.budget("b"); s.Spent > limit+over || limit-s.Spent > 3*priceEach || s.State != "blocked" {
				t.Errorf("spent %d of %d (%d billed), errors of estimates %d: %+v", s.Spent, limit, bill.billed.Load(), over, s)
			}
			b.close()
			b = openBudgeted(t, home, b.token)
			b.held(bill)
			if status, text := w.ask(b); !b.judge(status, text) {
				t.Error("after a restart there is room again")
			}
		})
	}
}

// judge fails the test where an answer is neither one nor the refusal of a budget, and tells whether it was refused.
func (b *budgeted) judge(status int, text string) bool {
	switch {
	case status == http.StatusOK:
		return false
	case status == http.StatusPaymentRequired && strings.Contains(text, "gatehouse budget allow b 2"):
		return true
	}
	b.t.Errorf("answered with %d: %s", status, text)
	return true
}

// held checks that what is spent is what was billed, and gives by how much requests took more than they had reserved.
func (b *budgeted) held(bill *billing) (over int64) {
	b.t.Helper()
	b.drained()
	if s, want := b.budget("b"), bill.billed.Load(); s.Spent != want || s.Reserved != 0 {
		b.t.Errorf("spent %d and reserved %d, billed %d", s.Spent, s.Reserved, want)
	}
	err := b.history.Each(b.t.Context(), time.Time{}, time.Time{}, func(r *usage.Record) bool {
		if r.CostPicoUSD != nil {
			over += max(*r.CostPicoUSD-*r.Reserved.PicoUSD, 0)
		}
		return true
	})
	if err != nil {
		b.t.Error(err)
	}
	return over
}

// drained waits until no request runs: some end a moment after their client has its answer.
func (b *budgeted) drained() {
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		open := false
		err := b.history.Each(b.t.Context(), time.Time{}, time.Time{}, func(r *usage.Record) bool {
			open = open || r.Outcome == "open"
			return true
		})
		if err != nil || time.Now().After(deadline) {
			b.t.Fatal("requests still run", err)
		}
		if !open {
			return
		}
	}
}

// TestBudgetFallsToAnotherModel: near the limit the named model answers, whichever protocol asks, and the name that was
// asked for stays in the history.
func TestBudgetFallsToAnotherModel(t *testing.T) {
	bill, home := openBilling(t), shortHome(t)
	writeSettings(t, home, settingsOf(bill.URL, `"budgets":{"b":{"usd":"0.2","per":"day","key":"zed","fallback":"bill/free","fallbackAt":50}}`))
	b := openBudgeted(t, home, "")
	for _, w := range ways[:8] {
		if status, text := w.ask(b); status != http.StatusOK {
			t.Fatalf("%s: %d %s", w.name, status, text)
		}
		b.drained()
	}
	served := map[string]int{}
	err := b.history.Each(t.Context(), time.Time{}, time.Time{}, func(r *usage.Record) bool {
		served[r.RequestedModel+" by "+r.Model]++
		return true
	})
	if err != nil || served["bill/m by bill/m"] != 2 || served["bill/m by bill/free"] != 6 {
		t.Errorf("%v, %v", served, err)
	}
	if got := b.budget("b").State; got != "falling" {
		t.Errorf("it is %s", got)
	}
	// Vectors of another model are of no use: embeddings are refused instead, at the limit.
	if status, text := b.post("/v1/embeddings", `{"model":"bill/m","input":"x"}`); status != http.StatusOK {
		t.Errorf("%d %s", status, text)
	}
	// A client is told.
	resp := b.header("/v1/chat/completions", chatBody)
	if got := resp.Get("X-Gatehouse-Budget"); !strings.Contains(got, "b: $0.11") || resp.Get("X-Gatehouse-Model") != "bill/free" {
		t.Errorf("%v", resp)
	}
}

func (b *budgeted) header(path, body string) http.Header {
	b.t.Helper()
	req, _ := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.url+path, strings.NewReader(body))
	req.Header.Set("Authorization", "Bearer "+b.token)
	resp, err := b.http.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // read to its end
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.Header
}

// TestBudgetOfWhatIsPassedOn: what is passed on whole counts as a request, though nobody knows what it costs.
func TestBudgetOfWhatIsPassedOn(t *testing.T) {
	bill, home := openBilling(t), shortHome(t)
	t.Setenv("OPENAI_API_KEY", "sk-test-0123456789")
	writeSettings(t, home, `{"providers":{"openai":{"baseURL":"`+bill.URL+`/v1"}},"discoverLocal":false,
		"budgets":{"b":{"requests":2,"per":"week","model":"openai/gpt-image*"},"m":{"usd":"1","per":"week"}}}`)
	b := openBudgeted(t, home, "")
	for i, want := range []int{200, 200, 402} {
		status, text := b.post("/v1/images/generations", `{"model":"openai/gpt-image-1","prompt":"x"}`)
		if status != want || want == 402 && !strings.Contains(text, "gatehouse budget allow b 100") {
			t.Errorf("request %d: %d %s", i, status, text)
		}
		b.drained()
	}
	if s := b.budget("m"); s.Spent != 0 || s.Unpriced != 2 {
		t.Errorf("%+v", s)
	}
}

// TestKilledUnderABudget: what ran when the program was killed counts as what it had reserved.
func TestKilledUnderABudget(t *testing.T) {
	const streams = 6
	bill, home := openBilling(t), shortHome(t)
	bill.held, bill.begun = make(chan struct{}), make(chan struct{}, streams)
	defer close(bill.held)
	writeSettings(t, home, settingsOf(bill.URL, `"budgets":{"b":{"usd":"100","per":"day"}}`))
	s := serve(t, home)
	token := call[control.CreatedKey](t, home, "keys.create", control.NewKey{Name: "zed"}).Secret
	var firsts sync.WaitGroup
	for range streams {
		firsts.Add(1)
		go func() {
			req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/v1/chat/completions",
				strings.NewReader(`{"model":"bill/m","stream":true,"messages":[{"role":"user","content":"x"}]}`))
			req.Header.Set("Authorization", "Bearer "+token)
			resp, err := http.DefaultClient.Do(req)
			if err == nil {
				_, err = io.ReadFull(resp.Body, make([]byte, 10))
				defer resp.Body.Close() //nolint:errcheck // it was cut off
			}
			if err != nil {
				t.Error(err)
			}
			firsts.Done()
			if err == nil {
				_, _ = io.Copy(io.Discard, resp.Body)
			}
		}()
	}
	for range streams {
		<-bill.begun
	}
	firsts.Wait() // a client has seen each of them begin
	reserved := call[control.BudgetList](t, home, "budgets.list", control.Empty{}).Budgets[0].Reserved
	if reserved == 0 {
		t.Fatal("nothing is reserved")
	}
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
	serve(t, home)
	if b := call[control.BudgetList](t, home, "budgets.list", control.Empty{}).Budgets[0]; b.Spent != reserved || b.Estimated != streams || b.Reserved != 0 {
		t.Errorf("%+v, reserved was %d", b, reserved)
	}
}

// TestKeyWithABudget: keys are made with their bounds, or not at all, and one action raises a budget.
func TestKeyWithABudget(t *testing.T) {
	bill, home := openBilling(t), shortHome(t)
	writeSettings(t, home, settingsOf(bill.URL, `"maxBodyBytes":1000000`))
	b := openBudgeted(t, home, "")
	made := calls[control.CreatedKey](b, "keys.create", control.NewKey{
		Name: "ci[1]", Budget: "2 requests/day", RequestsPerMinute: 5, Concurrency: 1,
	})
	if made.Key.RequestsPerMinute != 5 || made.Key.Concurrency != 1 || made.Key.TokensPerMinute != 0 {
		t.Errorf("%+v", made.Key)
	}
	other := b.token
	b.token = made.Secret
	for i, want := range []int{200, 200, 402, 402} {
		if status, text := b.post("/v1/chat/completions", chatBody); status != want {
			t.Errorf("request %d: %d %s", i, status, text)
		}
		b.drained()
	}
	calls[control.BudgetList](b, "budgets.allow", control.BudgetAllowance{Budget: "key ci[1]", Amount: "5"})
	for i, want := range []int{200, 200, 200, 429} {
		if status, text := b.post("/v1/messages", `{"model":"bill/m","max_tokens":9,"messages":[{"role":"user","content":"x"}]}`); status != want {
			t.Errorf("request %d after it was raised: %d %s", i, status, text)
		}
		b.drained()
	}
	b.token = other
	if status, text := b.post("/v1/chat/completions", chatBody); status != http.StatusOK {
		t.Errorf("another key: %d %s", status, text)
	}
	if _, err := b.Dispatcher().Call(t.Context(), "keys.create", []byte(`{"name":"odd","budget":"20/year"}`)); err == nil {
		t.Error("a budget per year")
	}
	for _, k := range calls[control.KeyList](b, "keys.list", control.Empty{}).Keys {
		if k.Name == "odd" {
			t.Error("the key was made without its budget")
		}
	}
	list := calls[control.BudgetList](b, "budgets.remove", control.BudgetRef{Budget: "key ci[1]"})
	if len(list.Budgets) != 0 {
		t.Errorf("%+v", list)
	}
}
