package usage_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"gatehouse/backend/app"
	"gatehouse/backend/control"
	"gatehouse/backend/settings"
	"gatehouse/backend/store"
	"gatehouse/backend/usage"
)

// whole is a Gatehouse with a provider beside it and a history of ten million requests.
type whole struct {
	core             *app.Core
	direct, endpoint string
	token            string
	client           *http.Client
}

func openWhole(b *testing.B) *whole {
	b.Helper()
	b.Setenv("HTTPS_PROXY", "http://127.0.0.1:1") // the hosted gateway is asked for nothing
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"id":"c","object":"chat.completion","model":"m","choices":[{"index":0,"message":{"role":"assistant",`+
			`"content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":2,"total_tokens":12}}`)
	}))
	b.Cleanup(upstream.Close)
	home, err := os.MkdirTemp("", "gh") // a socket's path is short
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = os.RemoveAll(home) })
	fill(b, home)
	text := `{"discoverLocal":false,"providers":{"up":{"type":"openai-compatible","baseURL":"` + upstream.URL + `/v1","local":true}},` +
		`"budgets":{"all":{"usd":"1000","per":"month"}}}`
	if err := os.WriteFile(filepath.Join(home, settings.FileName), []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	core, err := app.Open(app.Options{Home: home, Version: "bench", Build: "headless", Addr: "127.0.0.1:0", Pages: fstest.MapFS{}})
	if err == nil {
		err = core.Start()
	}
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		core.Close(ctx)
	})
	w := &whole{core: core, direct: upstream.URL, endpoint: core.Service().Status().Endpoint.URL}
	key, err := core.Dispatcher().Call(b.Context(), "keys.create", []byte(`{"name":"bench"}`))
	if err != nil {
		b.Fatal(err)
	}
	w.token = key.(control.CreatedKey).Secret
	w.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	b.Cleanup(w.client.CloseIdleConnections)
	return w
}

func fill(b *testing.B, home string) {
	b.Helper()
	db, err := store.Open(filepath.Join(home, "gatehouse.db"), store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	h, err := usage.Open(db, usage.Options{})
	if err != nil {
		b.Fatal(err)
	}
	usage.LargeHistory(b, h, usage.TenMillion)
	if err := h.Close(b.Context()); err != nil {
		b.Fatal(err)
	}
	if err := db.Close(); err != nil {
		b.Fatal(err)
	}
}

// ask makes a request and gives how long it took.
func (w *whole) ask(b *testing.B, url, model string) time.Duration {
	body := `{"model":"` + model + `","messages":[{"role":"user","content":"` + strings.Repeat("hello ", 500) + `"}]}`
	req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, url+"/v1/chat/completions", strings.NewReader(body))
	if err != nil {
		b.Error(err)
		return 0
	}
	req.Header.Set("Authorization", "Bearer "+w.token)
	req.Header.Set("Content-Type", "application/json")
	at := time.Now()
	resp, err := w.client.Do(req)
	if err != nil {
		b.Error(err)
		return 0
	}
	text, err := io.ReadAll(resp.Body)
	took := time.Since(at)
	_ = resp.Body.Close()
	if err != nil || resp.StatusCode != http.StatusOK {
		b.Errorf("%d %s, %v", resp.StatusCode, text, err)
	}
	return took
}

// BenchmarkAdded is how much longer requests take through the whole endpoint than without it, at the 50th and the 99th
// percentile, alone and while reports over all of ten million requests run one after the other. Direct requests and others take
// turns, so that whatever else the machine does hits both.
func BenchmarkAdded(b *testing.B) {
	w := openWhole(b)
	for _, reports := range []bool{false, true} {
		b.Run(map[bool]string{false: "alone", true: "while reports run"}[reports], func(b *testing.B) {
			stop := make(chan struct{})
			var reporting sync.WaitGroup
			made := 0
			if reports {
				reporting.Go(func() {
					for {
						select {
						case <-stop:
							return
						default:
						}
						if _, err := w.core.Dispatcher().Call(b.Context(), "usage.report", []byte(`{"groupBy":"model","bucket":"day"}`)); err != nil {
							b.Error(err)
							return
						}
						made++
					}
				})
			}
			direct, through := w.measure(b)
			close(stop)
			reporting.Wait()
			for _, q := range []int{50, 99} {
				b.ReportMetric(float64((at(through, q) - at(direct, q)).Microseconds()), fmt.Sprintf("added-p%d-µs", q))
				b.ReportMetric(float64(at(direct, q).Microseconds()), fmt.Sprintf("direct-p%d-µs", q))
			}
			b.ReportMetric(0, "ns/op")
			if reports {
				b.ReportMetric(float64(made)/b.Elapsed().Seconds(), "reports/s")
			}
		})
	}
}

// measure makes pairs of requests and gives how long they took, in order.
func (w *whole) measure(b *testing.B) (direct, through []time.Duration) {
	const clients = 2
	var mu sync.Mutex
	var asking sync.WaitGroup
	b.ResetTimer()
	for c := range clients {
		asking.Go(func() {
			var mine, ours []time.Duration
			for i := c; i < b.N; i += clients {
				mine = append(mine, w.ask(b, w.direct, "m"))
				ours = append(ours, w.ask(b, w.endpoint, "up/m"))
			}
			mu.Lock()
			defer mu.Unlock()
			direct, through = append(direct, mine...), append(through, ours...)
		})
	}
	asking.Wait()
	b.StopTimer()
	slices.Sort(direct)
	slices.Sort(through)
	return direct, through
}

func at(sorted []time.Duration, percent int) time.Duration {
	return sorted[(len(sorted)-1)*percent/100]
}
