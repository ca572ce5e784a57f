package cli

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"gatehouse/backend/settings"
)

// The running program counts what its endpoint serves.
func TestMetricsCount(t *testing.T) {
	home := shortHome(t)
	core := start(t, home)
	key := strings.TrimSpace(gatehouse(t, home, "", "key", "create", "cline").stdout)
	ask(t, core, key)
	ask(t, core, key)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, core.Service().Status().Endpoint.URL+"/metrics", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // reading is over
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`gatehouse_requests_total{model="sim/echo",outcome="ok",provider="sim"} 2`, "gatehouse_requests_in_flight 0",
		"gatehouse_history_dropped_records_total 0", `gatehouse_build_info{build="headless",version="1.2.3"} 1`,
	} {
		if !strings.Contains(string(text), want+"\n") {
			t.Errorf("there is no %s in\n%s", want, text)
		}
	}
	if strings.Contains(string(text), "hello") || strings.Contains(string(text), key) {
		t.Error("the metrics tell what was asked, or a key")
	}
}

// Traces and metrics go to the collectors that settings name, the last of them as the program ends.
func TestTelemetryIsSent(t *testing.T) {
	var spans, metrics atomic.Int64
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.URL.Path == "/v1/traces" {
			spans.Add(int64(strings.Count(string(body), "chat sim/echo")))
		}
		if r.URL.Path == "/v1/metrics" {
			metrics.Add(int64(strings.Count(string(body), "gen_ai.client.operation.duration")))
		}
		if strings.Contains(string(body), "hello") {
			t.Error("a trace tells what was asked")
		}
	}))
	defer collector.Close()
	home := shortHome(t)
	text := `{"version": 1, "traces": {"endpoint": "` + collector.URL + `"}, "metrics": {"endpoint": "` + collector.URL + `"}}`
	if err := os.WriteFile(filepath.Join(home, settings.FileName), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	core := start(t, home)
	key := strings.TrimSpace(gatehouse(t, home, "", "key", "create", "cline").stdout)
	ask(t, core, key)
	ask(t, core, key)
	closeCore(core)
	if n := spans.Load(); n != 2 {
		t.Errorf("%d of 2 requests were told to the collector", n)
	}
	if metrics.Load() == 0 {
		t.Error("no metrics were sent")
	}
}
