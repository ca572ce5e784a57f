package proxy

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatehouse/backend/llm"
	"gatehouse/backend/provider"
)

// The comparison of every pair: a client's dialect translated into a provider's, beside httputil.ReverseProxy moving the
// same request to the same upstream and the same answer back. What counts is the CPU, since that is what translation
// costs: a stream of 200 events may take 5 times the reverse proxy's, a request of 1 MB 10 times.

// pairProvider is a provider of one dialect, and what the benchmark's upstream answers as one.
type pairProvider struct {
	name    string
	id      provider.ID
	dialect llm.Dialect
	base    string // what its base URL has behind the server's
	path    string // where the reverse proxy's client asks
	// first, event and last are an answer; event takes a number.
	first, event, last string
}

var pairProviders = []pairProvider{
	{
		name: "chat", id: "groq", dialect: llm.ChatCompletions, base: "/v1", path: "/v1/chat/completions",
		event: "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"token %d \"},\"finish_reason\":null}]}\n\n",
		last:  "data: {\"id\":\"chatcmpl-1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":20}}\n\ndata: [DONE]\n\n",
	},
	{
		name: "responses", id: "pair-responses", dialect: llm.Responses, base: "/v1", path: "/v1/responses",
		first: "event: response.created\ndata: {\"type\":\"response.created\",\"sequence_number\":0,\"response\":{\"id\":\"resp_1\",\"object\":\"response\",\"status\":\"in_progress\",\"model\":\"m\",\"output\":[]}}\n\n" +
			"event: response.output_item.added\ndata: {\"type\":\"response.output_item.added\",\"sequence_number\":1,\"output_index\":0,\"item\":{\"type\":\"message\",\"id\":\"msg_1\",\"role\":\"assistant\",\"status\":\"in_progress\",\"content\":[]}}\n\n" +
			"event: response.content_part.added\ndata: {\"type\":\"response.content_part.added\",\"sequence_number\":2,\"item_id\":\"msg_1\",\"output_index\":0,\"content_index\":0,\"part\":{\"type\":\"output_text\",\"text\":\"\",\"annotations\":[]}}\n\n",
		event: "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"sequence_number\":3,\"item_id\":\"msg_1\",\"output_index\":0,\"content_index\":0,\"delta\":\"token %d \",\"logprobs\":[]}\n\n",
		last: "event: response.output_item.done\ndata: {\"type\":\"response.output_item.done\",\"sequence_number\":9,\"output_index\":0,\"item\":{\"type\":\"message\",\"id\":\"msg_1\",\"role\":\"assistant\",\"status\":\"completed\",\"content\":[{\"type\":\"output_text\",\"text\":\"token\",\"annotations\":[]}]}}\n\n" +
			"event: response.completed\ndata: {\"type\":\"response.completed\",\"sequence_number\":10,\"response\":{\"id\":\"resp_1\",\"object\":\"response\",\"status\":\"completed\",\"model\":\"m\",\"output\":[],\"usage\":{\"input_tokens\":10,\"output_tokens\":20,\"total_tokens\":30}}}\n\n",
	},
	{
		name: "messages", id: "anthropic", dialect: llm.Messages, path: "/v1/messages",
		first: "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"content\":[],\"model\":\"m\",\"stop_reason\":null,\"usage\":{\"input_tokens\":10,\"output_tokens\":1}}}\n\n" +
			"event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
		event: "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"token %d \"}}\n\n",
		last: "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n" +
			"event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":20}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
	},
	{
		name: "gemini", id: "google", dialect: llm.Gemini, path: "/v1beta/models/long-1:streamGenerateContent",
		event: "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"token %d \"}],\"role\":\"model\"},\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":10,\"candidatesTokenCount\":5,\"totalTokenCount\":15},\"modelVersion\":\"m\",\"responseId\":\"r1\"}\n\n",
		last:  "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"end\"}],\"role\":\"model\"},\"finishReason\":\"STOP\",\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":10,\"candidatesTokenCount\":20,\"totalTokenCount\":30},\"modelVersion\":\"m\",\"responseId\":\"r1\"}\n\n",
	},
}

// pairOverrides point the providers at the benchmark's upstream.
func pairOverrides(url string) doorOptions {
	o := doorOptions{providers: map[string]provider.Override{}, secrets: secrets{}}
	for _, p := range pairProviders {
		o.providers[p.id] = provider.Override{BaseURL: url + p.base}
		if p.id == "pair-responses" {
			o.providers[p.id] = provider.Override{BaseURL: url + p.base, Dialect: llm.Responses}
		}
		o.secrets[p.id] = providerSecret
	}
	return o
}

// longRequest is from where on, in bytes, the upstream answers with one event: there the request is what is measured.
const longRequest = 64 << 10

// pairUpstream reads the request and answers in the dialect of its path, flushing each event.
func pairUpstream(events int) http.Handler {
	answers := map[string][][]byte{}
	for _, p := range pairProviders {
		all := [][]byte{[]byte(p.first)}
		for i := range events {
			all = append(all, fmt.Appendf(nil, p.event, i))
		}
		answers[p.path] = append(all, []byte(p.last))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		all := answers[r.URL.Path]
		if all == nil {
			http.NotFound(w, r)
			return
		}
		if n > longRequest {
			all = [][]byte{all[0], all[1], all[len(all)-1]}
		}
		w.Header().Set("Content-Type", "text/event-stream")
		for _, e := range all {
			_, _ = w.Write(e)
			w.(http.Flusher).Flush()
		}
	})
}

// pairClient is a client of one dialect.
type pairClient struct {
	name, form string
	dialect    llm.Dialect
	client     client
}

func pairClients() []pairClient {
	var out []pairClient
	for _, c := range clients {
		form, _, _ := strings.Cut(c.name, " ")
		dialect, ok := map[string]llm.Dialect{
			"chat": llm.ChatCompletions, "responses": llm.Responses, "messages": llm.Messages, "gemini": llm.Gemini, "ai-sdk 7": llm.AISDK,
		}[c.name]
		if ok {
			out = append(out, pairClient{c.name, form, dialect, c})
		}
	}
	return out
}

// BenchmarkPairs prints a table of all pairs, with the CPU of one request as ratios to the reverse proxy's.
func BenchmarkPairs(b *testing.B) {
	up := startRole(b, "pair-upstream 200")
	rp := startRole(b, "reverse-proxy "+up.url)
	ours := startRole(b, "pair-gatehouse "+up.url)
	table := provider.NewTable(pairOverrides(up.url).providers)
	var rows strings.Builder
	for _, c := range pairClients() {
		for _, p := range pairProviders {
			if spoken := table[p.id].Dialect(c.dialect); spoken != p.dialect {
				continue // nobody of this table is asked in this dialect
			}
			name := c.name + " to " + p.name
			ratios := [2]float64{}
			for i, m := range []struct {
				kind         string
				size, rounds int
			}{{"events=200", 2 << 10, 300}, {"body=1MB", 1 << 20, 120}} {
				b.Run(strings.ReplaceAll(name, " ", "-")+"/"+m.kind, func(b *testing.B) {
					ratios[i] = pairCPU(b, c, p, rp, ours, m.size, m.rounds)
				})
			}
			fmt.Fprintf(&rows, "\n%-34s %12.1f %12.1f", name+note(c.dialect, p.dialect), ratios[0], ratios[1])
		}
	}
	fmt.Printf("\nCPU as a multiple of httputil.ReverseProxy's\n%-34s %12s %12s%s\n\n", "", "200 events", "1 MB", rows.String())
}

func note(client, provider llm.Dialect) string {
	if client == provider {
		return " (raw)"
	}
	return ""
}

func pairCPU(b *testing.B, c pairClient, p pairProvider, rp, ours process, size, rounds int) float64 {
	const model = "long-1"
	body := longBody(c.form, p.id+"/"+model, llm.Origin{Provider: p.id, Model: p.id + "/" + model}, c.dialect == p.dialect, size)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}}
	defer client.CloseIdleConnections()
	ask := func(to process, path string) error {
		req, err := http.NewRequest(http.MethodPost, to.url+path, bytes.NewReader(body))
		if err != nil {
			return err
		}
		if c.client.header != nil {
			req.Header = c.client.header(p.id+"/"+model, true)
		}
		req.Header.Set("Authorization", "Bearer "+to.token)
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close() //nolint:errcheck // read to the end
		text, err := io.ReadAll(resp.Body)
		if err == nil && (resp.StatusCode != http.StatusOK || to.cmd == ours.cmd && !bytes.Contains(text, []byte(c.client.streamEnd))) {
			err = fmt.Errorf("answered %d: %.300s", resp.StatusCode, text)
		}
		return err
	}
	path := c.client.path(p.id+"/"+model, true)
	lost := 0
	for range 10 {
		_, _ = ask(rp, p.path), ask(ours, path) // connections, pools
	}
	before := [2]time.Duration{cpuOf(b, rp), cpuOf(b, ours)}
	n := 0
	for b.Loop() {
		for range rounds {
			n++
			if err := ask(ours, path); err != nil {
				b.Fatal(err)
			}
			if ask(rp, p.path) != nil { // it now and then loses a race with its own server for the request body's end
				lost++
			}
		}
	}
	oursCPU := float64(cpuOf(b, ours)-before[1]) / float64(n)
	reverse := float64(cpuOf(b, rp)-before[0]) / float64(cmp.Or(n-lost, 1))
	b.ReportMetric(reverse/1e3, "rp-cpu-µs")
	b.ReportMetric(oursCPU/1e3, "cpu-µs")
	b.ReportMetric(oursCPU/reverse, "cpu/rp")
	b.ReportMetric(0, "ns/op")
	return oursCPU / reverse
}
