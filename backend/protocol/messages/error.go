package messages

import (
	"encoding/json"
	"net/http"
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/fit"
	"gatehouse/backend/protocol/jsonread"
	"gatehouse/backend/protocol/sse"
)

type errorBody struct {
	Type  string      `json:"type"`
	Error errorObject `json:"error"`
}

type errorObject struct {
	Type    string `json:"type"`
	Message string `json:"message"`
}

// statusOverloaded is Anthropic's own (API reference, "Errors").
const statusOverloaded = 529

// EncodeError gives the HTTP status and body of an error (API reference, "Errors").
func EncodeError(e *llm.Error) (status int, body []byte) {
	status = e.HTTPStatus()
	if e.Kind == llm.ErrOverloaded && e.Status == 0 {
		status = statusOverloaded
	}
	message := e.Message
	if words := "prompt is too long"; e.Code == fit.Overflow && !strings.Contains(message, words) {
		message = words + ": " + message // the words by which clients of this dialect know it
	}
	body, err := json.Marshal(errorBody{"error", errorObject{errorType(e.Kind, status), message}})
	if err != nil { // strings always marshal
		body = []byte(`{"type":"error","error":{"type":"api_error","message":"internal error"}}`)
	}
	return status, body
}

// EncodeStreamError gives the bytes that end a stream which already began: an error event.
func EncodeStreamError(e *llm.Error) []byte {
	_, body := EncodeError(e)
	return sse.Append(nil, "error", body)
}

func errorType(kind llm.ErrorKind, status int) string {
	switch kind {
	case llm.ErrAuth:
		switch status {
		case http.StatusForbidden:
			return "permission_error"
		case http.StatusPaymentRequired:
			return "billing_error"
		}
		return "authentication_error"
	case llm.ErrRateLimit:
		return "rate_limit_error"
	case llm.ErrNotFound:
		return "not_found_error"
	case llm.ErrBadRequest:
		if status == http.StatusRequestEntityTooLarge {
			return "request_too_large"
		}
		return "invalid_request_error"
	case llm.ErrOverloaded:
		return "overloaded_error"
	case llm.ErrTimeout:
		return "timeout_error"
	}
	return "api_error"
}

// DecodeError reads an error answer; a body of another shape gives the status's own text.
func DecodeError(status int, body []byte) *llm.Error {
	e := &llm.Error{Kind: llm.KindOfStatus(status), Status: status, Raw: body}
	object := jsonread.Of(body).Get("error")
	if object.IsObject() {
		e.Message = object.Get("message").String()
		e.Code = object.Get("type").String()
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

// statusOf gives the HTTP status that belongs to an error type, for errors that come inside a stream.
func statusOf(errorType string) int {
	switch errorType {
	case "invalid_request_error":
		return http.StatusBadRequest
	case "authentication_error":
		return http.StatusUnauthorized
	case "billing_error":
		return http.StatusPaymentRequired
	case "permission_error":
		return http.StatusForbidden
	case "not_found_error":
		return http.StatusNotFound
	case "request_too_large":
		return http.StatusRequestEntityTooLarge
	case "rate_limit_error":
		return http.StatusTooManyRequests
	case "timeout_error":
		return http.StatusGatewayTimeout
	case "overloaded_error":
		return statusOverloaded
	}
	return http.StatusInternalServerError
}
