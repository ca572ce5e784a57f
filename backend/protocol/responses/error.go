package responses

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/jsonread"
	"gatehouse/backend/protocol/sse"
)

type errorBody struct {
	Error errorObject `json:"error"`
}

// errorObject is the API reference's error object; param and code are null where there is none.
type errorObject struct {
	Message string  `json:"message"`
	Type    string  `json:"type"`
	Param   *string `json:"param"`
	Code    *string `json:"code"`
}

// EncodeError gives the HTTP status and body of an error (API reference, "Error codes").
func EncodeError(e *llm.Error) (status int, body []byte) {
	status = e.HTTPStatus()
	o := errorObject{Message: e.Message, Type: errorType(e.Kind, status)}
	if e.Code != "" {
		o.Code = &e.Code
	}
	if e.Param != "" {
		o.Param = &e.Param
	}
	body, err := json.Marshal(errorBody{o})
	if err != nil { // strings always marshal
		body = []byte(`{"error":{"message":"internal error","type":"server_error","param":null,"code":null}}`)
	}
	return status, body
}

// EncodeStreamError gives the bytes that end a stream which already began and was not ours: a response.failed, from
// which clients show the message. A stream of an Encoder is ended by its End, which knows more. The id is the
// response's, where a tap has read it: the official SDK takes a response.failed with another id for a breach of the
// protocol and shows that instead of the message.
func EncodeStreamError(id string, e *llm.Error) []byte {
	b := []byte(`{"type":"response.failed","sequence_number":0,"response":{"id":`)
	b = append(appendString(b, id), `,"object":"response","status":"failed","error":`...)
	b = append(appendError(b, e), `,"output":[]}}`...)
	return sse.Append(nil, "response.failed", b)
}

func errorType(kind llm.ErrorKind, status int) string {
	switch kind {
	case llm.ErrAuth:
		switch status {
		case http.StatusForbidden:
			return "permission_error"
		case http.StatusPaymentRequired:
			return "insufficient_quota"
		}
		return "authentication_error"
	case llm.ErrRateLimit:
		return "rate_limit_exceeded"
	case llm.ErrNotFound, llm.ErrBadRequest:
		return "invalid_request_error"
	case llm.ErrOverloaded:
		return "overloaded_error"
	case llm.ErrTimeout:
		return "timeout_error"
	case llm.ErrCancelled:
		return "cancelled"
	}
	return "server_error"
}

// failureCode is the code of an error inside a response: its own, else what the class is called there.
func failureCode(e *llm.Error) string {
	if e.Code != "" {
		return e.Code
	}
	switch e.Kind {
	case llm.ErrRateLimit:
		return "rate_limit_exceeded"
	case llm.ErrBadRequest:
		return "invalid_prompt"
	case llm.ErrOverloaded:
		return "server_is_overloaded"
	case llm.ErrAuth:
		return "invalid_api_key"
	case llm.ErrNotFound:
		return "model_not_found"
	case llm.ErrTimeout:
		return "timeout"
	case llm.ErrCancelled:
		return "cancelled"
	}
	return "server_error"
}

// statusOf gives the HTTP status that belongs to a code of an error inside a response.
func statusOf(code string) int {
	switch code {
	case "rate_limit_exceeded", "insufficient_quota":
		return http.StatusTooManyRequests
	case "server_is_overloaded", "slow_down", "overloaded", "overloaded_error":
		return http.StatusServiceUnavailable
	case "invalid_api_key", "authentication_error":
		return http.StatusUnauthorized
	case "model_not_found", "not_found":
		return http.StatusNotFound
	case "timeout", "timeout_error":
		return http.StatusGatewayTimeout
	case "cancelled":
		return 499
	case "context_length_exceeded", "previous_response_not_found":
		return http.StatusBadRequest
	}
	if strings.Contains(code, "invalid") || strings.Contains(code, "image") || strings.Contains(code, "policy") {
		return http.StatusBadRequest
	}
	return http.StatusBadGateway
}

// DecodeError reads an error answer in any of the shapes that servers of this dialect send: {"error":{...}},
// {"error":"text","code":...}, {"message":...}, {"detail":...}, or no JSON at all.
func DecodeError(status int, body []byte) *llm.Error {
	e := &llm.Error{Kind: llm.KindOfStatus(status), Status: status, Raw: body}
	root := jsonread.Of(body)
	object := root.Get("error")
	switch {
	case object.IsObject():
		e.Message = object.Get("message").String()
		e.Code = object.Get("code").String()
		if e.Code == "" {
			e.Code = object.Get("type").String()
		}
	case object.Type() == jsonread.String:
		e.Message = object.Str()
		e.Code = root.Get("code").String()
	case root.IsObject():
		if e.Message = root.Get("message").String(); e.Message == "" {
			e.Message = root.Get("detail").String()
		}
		e.Code = root.Get("code").String()
	}
	if e.Message == "" {
		e.Message = http.StatusText(status)
	}
	return e
}

// inBandError reads an error that came inside a successful answer: an error event, flat or nested, or a failed response.
func inBandError(data jsonread.Value) *llm.Error {
	object := data
	for _, path := range []string{"response.error", "error"} {
		if o := data.Get(path); o.IsObject() {
			object = o
			break
		}
	}
	code := object.Get("code").String()
	if code == "" {
		code = object.Get("type").String()
	}
	if code == "error" || strings.HasPrefix(code, "response.") { // that is the event's
		code = ""
	}
	status := statusOf(code)
	if n := int(data.Get("status").Int()); n >= 400 && n <= 599 { // the WebSocket mode's
		status = n
	}
	e := &llm.Error{
		Kind: llm.KindOfStatus(status), Status: status, Code: code, Message: object.Get("message").String(),
		Raw: bytes.Clone([]byte(data.Raw())),
	}
	if e.Message == "" {
		e.Message = "the provider ended the answer with an error and did not say why; ask again"
	}
	return e
}
