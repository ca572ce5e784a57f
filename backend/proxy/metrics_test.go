package proxy

import (
	"io"
	"net/http"
	"testing"

	"gatehouse/backend/gateway"
)

// Metrics are for who has a key or, where settings say so, for any program on this machine; a web page gets them never.
func TestMetricsAreGuarded(t *testing.T) {
	const text = "gatehouse_requests_total 1\n"
	for _, c := range []struct {
		name   string
		open   bool
		edit   func(*http.Request)
		status int
	}{
		{"with a key", false, nil, 200},
		{"without a key", false, header("Authorization", ""), 401},
		{"without a key, opened", true, header("Authorization", ""), 200},
		{"a wrong key of ours, opened", true, header("Authorization", "Bearer gh_0000000000_"+"0000000000000000000000000000000000000000000"), 401},
		{"another host, opened", true, host("rebound.example"), 403},
		{"a web page, opened", true, header("Origin", "https://evil.example"), 403},
		{"a web page without Origin, opened", true, header("Sec-Fetch-Site", "cross-site"), 403},
	} {
		d := openDoor(t, doorOptions{limits: Limits{MetricsWithoutKey: c.open}, edit: func(o *Options, _ *gateway.Options) {
			o.Metrics = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) })
		}})
		edits := []func(*http.Request){header("Authorization", "Bearer "+d.token)}
		if c.edit != nil {
			edits = append(edits, c.edit)
		}
		resp, body := d.ask(http.MethodGet, "/metrics", edits...)
		if resp.StatusCode != c.status || (c.status == 200) != (body == text) {
			t.Errorf("%s: %d %s", c.name, resp.StatusCode, body)
		}
	}
	d := openDoor(t, doorOptions{})
	if resp, body := d.ask(http.MethodGet, "/metrics", header("Authorization", "Bearer "+d.token)); resp.StatusCode != 404 {
		t.Errorf("where there are none: %d %s", resp.StatusCode, body)
	}
}
