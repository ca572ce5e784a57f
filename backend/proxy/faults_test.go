package proxy

import (
	"fmt"
	"io"
	"net/http"
	"strings"
)

// fault is one way in which an attempt fails.
type fault struct {
	name string
	// status is what the history has of it; unreached tells that the upstream never saw the request.
	status    int
	unreached bool
	// after tells that it comes behind the first content of a stream, hangs that only a timeout ends it.
	after, hangs bool
	do           func(w http.ResponseWriter, r *http.Request, s script)
}

func says(status int, header, value, body string) func(http.ResponseWriter, *http.Request, script) {
	return func(w http.ResponseWriter, _ *http.Request, s script) {
		w.Header().Set("Content-Type", "application/json")
		if header != "" {
			w.Header().Set(header, value)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, strings.Replace(body, "no luck", "no luck at "+s.id, 1))
	}
}

func streaming(text func(script) string, then func(http.ResponseWriter, *http.Request, script)) func(http.ResponseWriter, *http.Request, script) {
	return func(w http.ResponseWriter, r *http.Request, s script) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, text(s))
		_ = http.NewResponseController(w).Flush()
		then(w, r, s)
	}
}

func cuts(http.ResponseWriter, *http.Request, script)        { panic(http.ErrAbortHandler) }
func ends(http.ResponseWriter, *http.Request, script)        {}
func hangs(_ http.ResponseWriter, r *http.Request, _ script) { <-r.Context().Done() }

const saysNo = `{"type":"error","error":{"message":"no luck","type":"some_error"}}`

var (
	nothing = func(script) string { return "" }
	begins  = func(s script) string { return s.begin }
	breaks  = func(s script) string { return s.broken }
)

// faults are all of them. What is said only in a stream is said to clients of either kind.
var faults = func() []fault {
	list := []fault{
		{name: "refused", unreached: true},
		{name: "reset before the header", do: cuts},
		{name: "reset behind the header", status: 200, do: streaming(nothing, cuts)},
		{name: "hangs before the header", hangs: true, do: hangs},
		{name: "hangs behind the header", status: 200, hangs: true, do: streaming(nothing, hangs)},
		{name: "hangs behind a comment", status: 200, hangs: true, do: streaming(func(script) string { return ": working\n\n" }, hangs)},
		{name: "context length", status: 400, do: says(400, "", "", `{"error":{"message":"no luck, maximum context length exceeded","type":"invalid_request_error","code":"context_length_exceeded"}}`)},
		{name: "429, seconds", status: 429, do: says(429, "Retry-After", "30", saysNo)},
		{name: "429, a date", status: 429, do: says(429, "Retry-After", "Fri, 01 Jan 2100 00:00:00 GMT", saysNo)},
		{name: "429, milliseconds", status: 429, do: says(429, "Retry-After-Ms", "10", saysNo)},
		{name: "429, RetryInfo", status: 429, do: says(429, "", "", `{"error":{"message":"no luck","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"9s"}]}}`)},
		{name: "error in the stream", status: 200, do: streaming(breaks, ends)},
		{name: "error in the whole", status: 200, do: says(200, "", "", saysNo)},
		{name: "error without a type", status: 200, do: says(200, "", "", `{"error":{"message":"no luck"}}`)},
		{name: "502, a page", status: 502, do: func(w http.ResponseWriter, _ *http.Request, _ script) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(502)
			_, _ = io.WriteString(w, "<html>bad gateway</html>")
		}},
		{name: "empty", status: 200, do: says(200, "", "", "")},
		{name: "empty stream", status: 200, do: streaming(nothing, ends)},
		{name: "a page", status: 200, do: func(w http.ResponseWriter, _ *http.Request, _ script) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, "<html>welcome</html>")
		}},
		{name: "half an object", status: 200, do: func(w http.ResponseWriter, _ *http.Request, s script) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, s.whole[:len(s.whole)/2])
		}},
		{name: "torn", status: 200, after: true, do: streaming(begins, ends)},
		{name: "cut", status: 200, after: true, do: streaming(begins, cuts)},
		{name: "hangs in the stream", status: 200, after: true, hangs: true, do: streaming(begins, hangs)},
		{name: "error behind content", status: 200, after: true, do: streaming(begins, func(w http.ResponseWriter, _ *http.Request, s script) {
			_, _ = io.WriteString(w, s.broken)
		})},
	}
	for _, status := range []int{401, 402, 403, 404, 408, 409, 413, 500, 502, 503, 529} {
		list = append(list, fault{name: fmt.Sprint(status), status: status, do: says(status, "", "", saysNo)})
	}
	return list
}()
