package gateway

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// Tracing is what providers are told of traces. The zero value tells them nothing.
type Tracing struct {
	// Propagate tells providers their place in the client's trace, or in ours.
	Propagate bool
	// Spans tells that there are spans of ours for theirs to be within: they are sent to a collector.
	Spans bool
}

// TraceID names the trace of a request whose client named none (W3C Trace Context, "trace-id"). Like SpanID it follows from
// what the history knows, so that what a provider was told and what a collector is told later are the same.
func TraceID(requestID string) [16]byte {
	sum := sha256.Sum256([]byte("trace " + requestID))
	return [16]byte(sum[:16])
}

// SpanID names the span of one of a request's attempts, or with nil the request's own (W3C Trace Context, "parent-id").
func SpanID(requestID string, a *Attempt) [8]byte {
	text := "span " + requestID
	if a != nil {
		text += " " + a.Provider + " " + a.Credential + " " + strconv.FormatInt(a.At.UnixNano(), 36)
	}
	sum := sha256.Sum256([]byte(text))
	return [8]byte(sum[:8])
}

// The headers (W3C Trace Context), and the longest that is passed on of one whose length is open.
const (
	traceParent   = "Traceparent"
	traceState    = "Tracestate"
	maxTraceState = 512
)

// parentForm is a traceparent: version, trace, span, flags, and in later versions more.
var parentForm = regexp.MustCompile(`^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$`)

// traceOf gives the place in a trace that a client told, empty where it told none that can be read.
func traceOf(h http.Header) (parent, state string) {
	values := h[traceParent]
	if len(values) != 1 {
		return "", ""
	}
	m := parentForm.FindStringSubmatch(values[0])
	if m == nil || m[1] == "ff" || m[1] == "00" && m[5] != "" || strings.Trim(m[2], "0") == "" || strings.Trim(m[3], "0") == "" {
		return "", ""
	}
	if state = strings.Join(h[traceState], ","); len(state) > maxTraceState {
		state = ""
	}
	return "00-" + m[2] + "-" + m[3] + "-" + m[4], state
}

// traceTo tells a provider its place in a trace, where settings want that: within the span of this attempt, or within the
// client's own where there is no span of ours.
func (x *exchange) traceTo(h http.Header) {
	if x.g.Tracing == nil {
		return
	}
	t := x.g.Tracing()
	if !t.Propagate {
		return
	}
	parent, state := traceOf(x.req.Header)
	if t.Spans {
		trace, flags := TraceID(x.id), "01"
		id := hex.EncodeToString(trace[:])
		if parent != "" {
			id, flags = parent[3:35], parent[53:]
		}
		attempt := x.line.known()[x.tried]
		span := SpanID(x.id, &attempt)
		parent = "00-" + id + "-" + hex.EncodeToString(span[:]) + "-" + flags
	}
	if parent != "" {
		h[traceParent] = []string{parent}
	}
	if state != "" {
		h[traceState] = []string{state}
	}
}
