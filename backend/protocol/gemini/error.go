package gemini

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/fit"
	"gatehouse/backend/protocol/jsonread"
	"gatehouse/backend/protocol/sse"
)

// EncodeError gives the HTTP status and body of an error (Google AIP-193; google.rpc.Status).
func EncodeError(e *llm.Error) (status int, body []byte) {
	status = e.HTTPStatus()
	if status == 529 { // not Google's
		status = http.StatusServiceUnavailable
	}
	w, inner := &members{}, &members{}
	inner.add("code", strconv.AppendInt(nil, int64(status), 10))
	inner.add("message", quote(e.Message))
	inner.add("status", quote(statusName(status)))
	if e.RetryAfter > 0 {
		delay := strconv.FormatFloat(e.RetryAfter.Seconds(), 'f', -1, 64) + "s"
		inner.add("details", []byte(`[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"`+delay+`"}]`))
	}
	w.add("error", inner.close())
	return status, w.close()
}

// EncodeStreamError gives the bytes that end a stream of server-sent events which already began. Encoder.End does it
// for every framing.
func EncodeStreamError(e *llm.Error) []byte {
	_, body := EncodeError(e)
	return sse.Append(nil, "", body)
}

// statuses are google.rpc's names of the HTTP statuses.
var statuses = []struct {
	status int
	name   string
}{
	{http.StatusBadRequest, "INVALID_ARGUMENT"},
	{http.StatusUnauthorized, "UNAUTHENTICATED"},
	{http.StatusPaymentRequired, "FAILED_PRECONDITION"},
	{http.StatusForbidden, "PERMISSION_DENIED"},
	{http.StatusNotFound, "NOT_FOUND"},
	{http.StatusRequestTimeout, "DEADLINE_EXCEEDED"},
	{http.StatusConflict, "ABORTED"},
	{http.StatusTooManyRequests, "RESOURCE_EXHAUSTED"},
	{499, "CANCELLED"},
	{http.StatusNotImplemented, "UNIMPLEMENTED"},
	{http.StatusServiceUnavailable, "UNAVAILABLE"},
	{http.StatusGatewayTimeout, "DEADLINE_EXCEEDED"},
}

func statusName(status int) string {
	for _, s := range statuses {
		if s.status == status {
			return s.name
		}
	}
	if status >= 400 && status < 500 {
		return "INVALID_ARGUMENT"
	}
	return "INTERNAL"
}

func statusOf(name string) int {
	for _, s := range statuses {
		if s.name == name {
			return s.status
		}
	}
	return http.StatusInternalServerError
}

// DecodeError reads an error answer, which may stand in an array; a body of another shape gives the status's own text.
func DecodeError(status int, body []byte) *llm.Error {
	e := &llm.Error{Kind: llm.KindOfStatus(status), Status: status, Raw: body}
	root := jsonread.Of(body)
	if root.IsArray() {
		root = root.Get("0")
	}
	object := root.Get("error")
	if object.IsObject() {
		e.Message = object.Get("message").String()
		e.Code = object.Get("status").String()
		details(e, object.Get("details"))
	} else if object.Type() == jsonread.String {
		e.Message = object.String()
	}
	if e.Kind == llm.ErrBadRequest && fit.TooLong(e.Message) {
		e.Code = fit.Overflow
	}
	if e.Message == "" {
		e.Message = http.StatusText(status)
	}
	return e
}

// details reads how long to wait, and whether a bad request is really a bad API key (google.rpc.RetryInfo, ErrorInfo).
func details(e *llm.Error, list jsonread.Value) {
	for _, d := range list.Array() {
		if delay, err := time.ParseDuration(d.Get("retryDelay").String()); err == nil && delay > 0 {
			e.RetryAfter = delay
		}
		if reason := d.Get("reason").String(); strings.HasPrefix(reason, "API_KEY_") {
			e.Kind, e.Code = llm.ErrAuth, reason
		}
	}
}

// inBandError reads an error that came inside a successful answer.
func inBandError(body []byte) *llm.Error {
	object := jsonread.Of(body).Get("error")
	status := int(object.Get("code").Int())
	if status < 400 || status > 599 {
		status = statusOf(object.Get("status").String())
	}
	return DecodeError(status, body)
}
