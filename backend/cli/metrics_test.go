package cli

import (
	"io"
	"net/http"
	"strings"
	"testing"
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
