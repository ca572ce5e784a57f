package proxy

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The comparison of `make bench`: the same requests to the same upstream, directly, through httputil.ReverseProxy
// (flushing at once), and through the whole endpoint with keys, usage history and everything on. Upstream and proxies are
// processes of their own, so that each one's CPU is its own. The three ways take turns within one run, so that whatever
// else the machine does hits all alike; what counts is the ratio.

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

// roleVariable makes the benchmark binary an upstream or a proxy; its value is the role and what that needs.
const roleVariable = "GATEHOUSE_BENCH_ROLE"

// BenchmarkRole is what the processes run; it does nothing by itself.
func BenchmarkRole(b *testing.B) {
	role, arg, _ := strings.Cut(os.Getenv(roleVariable), " ")
	address, token := "", "x"
	switch role {
	case "":
		return
	case "upstream":
		events, err := strconv.Atoi(arg)
		check(b, err)
		server := httptest.NewServer(benchUpstream(events))
		defer server.Close()
		address = server.URL
	case "pair-upstream":
		events, err := strconv.Atoi(arg)
		check(b, err)
		server := httptest.NewServer(pairUpstream(events))
		defer server.Close()
		address = server.URL
	case "pair-gatehouse":
		debug.SetGCPercent(GCPercent)
		d := openDoor(b, pairOverrides(arg))
		address, token = d.url, d.token
	case "reverse-proxy":
		target, err := url.Parse(arg)
		check(b, err)
		server := httptest.NewUnstartedServer(&httputil.ReverseProxy{
			Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(target) },
			FlushInterval: -1,
			ErrorLog:      log.New(io.Discard, "", 0),
			Transport:     &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true},
		})
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
		server.Start()
		defer server.Close()
		address = server.URL
	case "gatehouse":
		debug.SetGCPercent(GCPercent)
		d := openDoor(b, redirected("openai", arg+"/v1", providerSecret))
		address, token = d.url, d.token
	}
	fmt.Println("ready", address, token)
	_, _ = io.Copy(io.Discard, os.Stdin) // until the one that started it is done
}

// process is one such process.
type process struct {
	cmd        *exec.Cmd
	url, token string
}

func startRole(b *testing.B, role string) process {
	b.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$", "-test.bench=^BenchmarkRole$", "-test.benchtime=1x")
	cmd.Env = append(os.Environ(), roleVariable+"="+role)
	in, err := cmd.StdinPipe()
	check(b, err)
	out, err := cmd.StdoutPipe()
	check(b, err)
	check(b, cmd.Start())
	b.Cleanup(func() { _ = in.Close(); _ = cmd.Wait() })
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if f := strings.Fields(lines.Text()); len(f) >= 3 && f[len(f)-3] == "ready" {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return process{cmd, f[len(f)-2], f[len(f)-1]}
		}
	}
	b.Fatalf("%s did not start", role)
	return process{}
}

// BenchmarkAgainstReverseProxy reports, for each size, the direct time, the time that each proxy adds to it (medians) and
// the CPU that each proxy takes for a request (means), and both as ratios to the reverse proxy's.
func BenchmarkAgainstReverseProxy(b *testing.B) {
	for _, c := range []struct {
		name         string
		size, events int
		rounds       int
	}{
		{"body=1KB", 1 << 10, 1, 4000},
		{"body=120KB", 120 << 10, 1, 2000},
		{"body=1MB", 1 << 20, 1, 600},
		{"body=10MB", 10 << 20, 1, 80},
		{"body=1KB/events=200", 1 << 10, 200, 1500},
	} {
		b.Run(c.name, func(b *testing.B) { compare(b, c.size, c.events, c.rounds) })
	}
}

func compare(b *testing.B, size, events, rounds int) {
	up := startRole(b, fmt.Sprint("upstream ", events))
	rp := startRole(b, "reverse-proxy "+up.url)
	ours := startRole(b, "gatehouse "+up.url)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}}
	defer client.CloseIdleConnections()
	routes := []route{
		{"direct", up.url, "x", "m"}, {"reverse proxy", rp.url, "x", "m"}, {"gatehouse", ours.url, ours.token, "openai/m"},
	}
	bodies, wall, lost := make([][]byte, len(routes)), make([][]float64, len(routes)), 0
	for i, r := range routes {
		bodies[i] = agentBody(r.model, size)
		for range 20 { // connections, pools
			_ = r.send(client, bodies[i])
		}
	}
	cpuBefore := []time.Duration{cpuOf(b, rp), cpuOf(b, ours)}
	for b.Loop() {
		for round := range rounds {
			for k := range routes {
				i := (round + k) % len(routes) // nobody always comes behind the same one
				start := time.Now()
				if err := routes[i].send(client, bodies[i]); err != nil {
					// httputil.ReverseProxy now and then loses a race with its own server for the request body's end.
					if routes[i].name != "reverse proxy" {
						b.Fatal(err)
					}
					lost++
					continue
				}
				wall[i] = append(wall[i], float64(time.Since(start)))
			}
		}
	}
	requests := float64(len(wall[0]))
	reverseCPU := float64(cpuOf(b, rp)-cpuBefore[0]) / requests
	oursCPU := float64(cpuOf(b, ours)-cpuBefore[1]) / requests
	direct, reverse, added := median(wall[0]), median(wall[1]), median(wall[2])
	b.ReportMetric(direct/1e3, "direct-µs")
	b.ReportMetric((reverse-direct)/1e3, "rp-added-µs")
	b.ReportMetric((added-direct)/1e3, "added-µs")
	b.ReportMetric((added-direct)/(reverse-direct), "added/rp")
	b.ReportMetric(reverseCPU/1e3, "rp-cpu-µs")
	b.ReportMetric(oursCPU/1e3, "cpu-µs")
	b.ReportMetric(oursCPU/reverseCPU, "cpu/rp")
	b.ReportMetric(float64(lost), "rp-errors")
	b.ReportMetric(0, "ns/op")
}

func median(v []float64) float64 {
	v = slices.Clone(v)
	slices.Sort(v)
	return v[len(v)/2]
}
