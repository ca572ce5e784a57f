package aisdk

import (
	"net/http"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/jsonread"
)

type errorBody struct {
	Error        errorObject `json:"error"`
	GenerationID string      `json:"generationId,omitempty"`
}

type errorObject struct {
	Message string      `json:"message"`
	Type    string      `json:"type"`
	Param   *errorParam `json:"param,omitempty"`
	Code    string      `json:"code,omitempty"`
}

type errorParam struct {
	ModelID string `json:"modelId"`
}

// codeModelNotFound marks, as everywhere in Gatehouse, a not-found error about a model.
const codeModelNotFound = "model_not_found"

// EncodeError gives the HTTP status and body of an error. The client makes its own class of the type and takes the
// status from HTTP; a body of any other shape would be an invalid answer to it. model is the model asked for, empty if
// the error is not about one; generationID is the request's id, empty if it has none.
func EncodeError(e *llm.Error, model, generationID string) (status int, body []byte) {
	status = e.HTTPStatus()
	out := errorBody{errorObject{Message: e.Message, Type: errorType(e, status), Code: e.Code}, generationID}
	if out.Error.Type == codeModelNotFound && model != "" {
		out.Error.Param = &errorParam{model}
	}
	return status, marshal(out)
}

// EncodeStreamError gives the bytes that end a stream which already began: an error part.
func EncodeStreamError(e *llm.Error) []byte {
	status := e.HTTPStatus()
	p := part{Type: "error", Error: &streamError{
		Message: e.Message, Type: errorType(e, status), Code: e.Code, StatusCode: status, IsRetryable: retryable(status),
	}}
	return append(append([]byte("data: "), marshal(p)...), "\n\n"...)
}

// retryable is the client's own rule (GatewayError).
func retryable(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusConflict, http.StatusTooManyRequests:
		return true
	}
	return status >= 500
}

// errorType gives a type that the client has a class for. What has none becomes a GatewayInternalServerError, which
// keeps the status, under a word of our own.
func errorType(e *llm.Error, status int) string {
	switch e.Kind {
	case llm.ErrAuth:
		switch status {
		case http.StatusForbidden:
			return "forbidden"
		case http.StatusPaymentRequired:
			return "insufficient_funds"
		}
		return "authentication_error"
	case llm.ErrRateLimit:
		return "rate_limit_exceeded"
	case llm.ErrNotFound:
		if e.Code == codeModelNotFound {
			return codeModelNotFound
		}
		return "not_found"
	case llm.ErrBadRequest:
		if status == http.StatusFailedDependency {
			return "failed_dependency"
		}
		return "invalid_request_error"
	case llm.ErrOverloaded:
		return "overloaded"
	case llm.ErrTimeout:
		return "timeout"
	case llm.ErrCancelled:
		return "cancelled"
	}
	return "internal_server_error"
}

// DecodeError reads an error answer; a body of another shape gives the status's own text.
func DecodeError(status int, body []byte) *llm.Error {
	e := &llm.Error{Kind: llm.KindOfStatus(status), Status: status, Raw: body}
	switch object := jsonread.Of(body).Get("error"); {
	case object.IsObject():
		e.Message, e.Code = object.Get("message").String(), object.Get("type").String()
	case object.Type() == jsonread.String:
		e.Message = object.Str()
	}
	if e.Message == "" {
		e.Message = http.StatusText(status)
	}
	return e
}

// statusOf gives the HTTP status that belongs to an error type, for errors that come inside a stream.
func statusOf(errorType string) int {
	switch errorType {
	case "authentication_error":
		return http.StatusUnauthorized
	case "forbidden":
		return http.StatusForbidden
	case "insufficient_funds":
		return http.StatusPaymentRequired
	case "rate_limit_exceeded":
		return http.StatusTooManyRequests
	case codeModelNotFound, "not_found":
		return http.StatusNotFound
	case "invalid_request_error":
		return http.StatusBadRequest
	case "failed_dependency":
		return http.StatusFailedDependency
	case "overloaded":
		return http.StatusServiceUnavailable
	case "timeout":
		return http.StatusGatewayTimeout
	}
	return http.StatusInternalServerError
}
