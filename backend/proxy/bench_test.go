package proxy

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// The comparison of `make bench`: the same requests to the same upstream, directly, through httputil.ReverseProxy
// (flushing at once), and through the whole endpoint with keys, usage history and everything on. The three take turns
// within one run, so that whatever else the machine does hits all alike; what counts is the ratio of medians.

// agentBody looks like what a coding agent sends: the model first, a fifth of tool schemas, then messages of code.
func agentBody(model string, size int) []byte {
	const tool = `{"type":"function","function":{"name":"read_file","description":"Reads a file and gives its text with line numbers.","parameters":{"type":"object","properties":{"path":{"type":"string","description":"The file's path"},"offset":{"type":"integer"}},"required":["path"]}}},`
	const line = `\tif err := run(ctx, \"build\", args...); err != nil {\n\t\treturn fmt.Errorf(\"build %s: %w\", name, err)\n\t}\n\t// keep what the user asked for, whatever the default says\n\tresult.Options = merge(defaults, options)\n`
	body := []byte(`{"model":"` + model + `","stream":true,"messages":[`)
	for len(body) < size-size/5 {
		body = append(body, `{"role":"user","content":"`...)
		body = append(body, strings.Repeat(line, max(1, min(12, (size-size/5-len(body))/len(line))))...)
		body = append(body, `"},`...)
	}
	body = append(body[:len(body)-1], `],"tools":[`...)
	for len(body) < size {
		body = append(body, tool...)
	}
	return append(bytes.TrimSuffix(body, []byte(",")), `]}`...)
}

// benchUpstream reads the body and answers with a stream of events, flushing each.
func benchUpstream(events int) http.Handler {
	var all [][]byte
	for i := range events {
		all = append(all, fmt.Appendf(nil, "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"token %d \"},\"finish_reason\":null}]}\n\n", i))
	}
	all = append(all, []byte("data: {\"id\":\"chatcmpl-1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":20}}\n\ndata: [DONE]\n\n"))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/event-stream")
		for _, e := range all {
			_, _ = w.Write(e)
			w.(http.Flusher).Flush()
		}
	})
}

type route struct {
	name, url, token, model string
}

func (r route) send(client *http.Client, body []byte) error {
	req, err := http.NewRequest(http.MethodPost, r.url+"/v1/chat/completions", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+r.token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // read to the end
	n, err := io.Copy(io.Discard, resp.Body)
	if err == nil && (resp.StatusCode != 200 || n == 0) {
		err = fmt.Errorf("%s answered %d with %d bytes", r.name, resp.StatusCode, n)
	}
	return err
}

// BenchmarkAgainstReverseProxy reports, for each size, the direct time, and for both proxies the added time and the CPU
// added to the process (all parties run in it), as ratios to the reverse proxy's.
func BenchmarkAgainstReverseProxy(b *testing.B) {
	for _, c := range []struct {
		name         string
		size, events int
		rounds       int
	}{
		{"body=1KB", 1 << 10, 1, 3000},
		{"body=120KB", 120 << 10, 1, 1000},
		{"body=1MB", 1 << 20, 1, 300},
		{"body=10MB", 10 << 20, 1, 40},
		{"body=1KB/events=200", 1 << 10, 200, 300},
	} {
		b.Run(c.name, func(b *testing.B) { compare(b, c.size, c.events, c.rounds) })
	}
}

func compare(b *testing.B, size, events, rounds int) {
	up := httptest.NewServer(benchUpstream(events))
	defer up.Close()
	target, err := url.Parse(up.URL)
	check(b, err)
	rp := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(target) },
		FlushInterval: -1,
		ErrorLog:      log.New(io.Discard, "", 0),
		Transport:     &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true},
	})
	rp.Config.ErrorLog = log.New(io.Discard, "", 0)
	defer rp.Close()
	d := openDoor(b, redirected("openai", up.URL+"/v1", providerSecret))
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}}
	defer client.CloseIdleConnections()
	routes := []route{
		{"direct", up.URL, "x", "m"}, {"reverse proxy", rp.URL, "x", "m"}, {"gatehouse", d.url, d.token, "openai/m"},
	}
	bodies := make([][]byte, len(routes))
	for i, r := range routes {
		bodies[i] = agentBody(r.model, size)
	}
	wall, cpu := make([][]float64, len(routes)), make([][]float64, len(routes))
	lost := 0
	for b.Loop() {
		for round := range rounds {
			for k := range routes {
				i := (round + k) % len(routes) // nobody always comes behind the same one
				before, start := cpuTime(), time.Now()
				err := routes[i].send(client, bodies[i])
				took, used := time.Since(start), cpuTime()-before
				if err != nil {
					// httputil.ReverseProxy now and then loses a race with its own server for the request body's end.
					if routes[i].name != "reverse proxy" {
						b.Fatal(err)
					}
					lost++
					continue
				}
				wall[i] = append(wall[i], float64(took))
				cpu[i] = append(cpu[i], float64(used))
			}
		}
	}
	direct, reverse, ours := median(wall[0]), median(wall[1]), median(wall[2])
	directCPU, reverseCPU, oursCPU := median(cpu[0]), median(cpu[1]), median(cpu[2])
	b.ReportMetric(direct/1e3, "direct-µs")
	b.ReportMetric((reverse-direct)/1e3, "rp-added-µs")
	b.ReportMetric((ours-direct)/1e3, "added-µs")
	b.ReportMetric((ours-direct)/(reverse-direct), "added/rp")
	b.ReportMetric((reverseCPU-directCPU)/1e3, "rp-cpu-µs")
	b.ReportMetric((oursCPU-directCPU)/1e3, "cpu-µs")
	b.ReportMetric((oursCPU-directCPU)/(reverseCPU-directCPU), "cpu/rp")
	b.ReportMetric(float64(lost), "rp-errors")
	b.ReportMetric(0, "ns/op")
	if os.Getenv("GATEHOUSE_BENCH_CHECK") != "" {
		limit := 1.5
		if size >= 10<<20 {
			limit = 2
		}
		if (ours-direct)/(reverse-direct) > limit || (oursCPU-directCPU)/(reverseCPU-directCPU) > limit {
			b.Errorf("more than %.1f times the reverse proxy", limit)
		}
	}
}

func median(v []float64) float64 {
	v = slices.Clone(v)
	slices.Sort(v)
	return v[len(v)/2]
}
