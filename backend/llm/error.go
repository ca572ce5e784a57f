package llm

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// ErrorKind is the class of a failure. The list is closed: every dialect has a spelling for each.
type ErrorKind string

// The classes.
const (
	ErrAuth       ErrorKind = "auth"
	ErrRateLimit  ErrorKind = "rate limit"
	ErrNotFound   ErrorKind = "not found"
	ErrBadRequest ErrorKind = "bad request"
	ErrOverloaded ErrorKind = "overloaded"
	ErrTimeout    ErrorKind = "timeout"
	ErrCancelled  ErrorKind = "cancelled"
	ErrInternal   ErrorKind = "internal"
)

// Error is a failure with a class. Message is written for the person at the client: it says what happened and what to
// do next, and never holds a secret.
type Error struct {
	Kind    ErrorKind
	Message string
	// Status is the HTTP status to answer with; 0 means the class's usual one.
	Status int
	// Code is the short machine-readable reason ("model_not_found"), empty if there is none.
	Code string
	// Param is the name of the request's field that is at fault, empty if there is none or it is not known.
	Param string
	// RetryAfter is how long the source asked callers to wait; 0 means it did not say.
	RetryAfter time.Duration
	// Raw is the source's own error body, if it had one.
	Raw []byte
	// Cause is what led here, for logs and errors.Is.
	Cause error
}

// Errorf makes an Error of a class with a formatted message.
func Errorf(kind ErrorKind, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Kind: kind, Message: err.Error(), Cause: errors.Unwrap(err)}
}

func (e *Error) Error() string { return string(e.Kind) + ": " + e.Message }

func (e *Error) Unwrap() error { return e.Cause }

// WithCode sets the machine-readable code and gives the error back.
func (e *Error) WithCode(code string) *Error { e.Code = code; return e }

// WithParam names the field at fault and gives the error back.
func (e *Error) WithParam(param string) *Error { e.Param = param; return e }

// WithStatus sets the HTTP status and gives the error back.
func (e *Error) WithStatus(status int) *Error { e.Status = status; return e }

// HTTPStatus is the status to answer with.
func (e *Error) HTTPStatus() int {
	if e.Status != 0 {
		return e.Status
	}
	switch e.Kind {
	case ErrAuth:
		return http.StatusUnauthorized
	case ErrRateLimit:
		return http.StatusTooManyRequests
	case ErrNotFound:
		return http.StatusNotFound
	case ErrBadRequest:
		return http.StatusBadRequest
	case ErrOverloaded:
		return http.StatusServiceUnavailable
	case ErrTimeout:
		return http.StatusGatewayTimeout
	case ErrCancelled:
		return 499
	}
	return http.StatusInternalServerError
}

// KindOfStatus gives the class of an upstream's HTTP status.
func KindOfStatus(status int) ErrorKind {
	switch {
	case status == http.StatusUnauthorized, status == http.StatusForbidden, status == http.StatusPaymentRequired:
		return ErrAuth
	case status == http.StatusTooManyRequests:
		return ErrRateLimit
	case status == http.StatusNotFound:
		return ErrNotFound
	case status == http.StatusRequestTimeout, status == http.StatusGatewayTimeout:
		return ErrTimeout
	case status == http.StatusServiceUnavailable, status == 529:
		return ErrOverloaded
	case status == 499:
		return ErrCancelled
	case status >= 400 && status < 500:
		return ErrBadRequest
	}
	return ErrInternal
}

// AsError turns any error into an Error: one that already is stays, context and network errors get their class, and
// anything else is internal.
func AsError(err error) *Error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	switch {
	case errors.Is(err, context.Canceled):
		return &Error{Kind: ErrCancelled, Message: "the client closed the request", Cause: err}
	case errors.Is(err, context.DeadlineExceeded):
		return &Error{Kind: ErrTimeout, Message: "the time limit was reached", Cause: err}
	}
	if ne, ok := errors.AsType[net.Error](err); ok && ne.Timeout() {
		return &Error{Kind: ErrTimeout, Message: "the network timed out", Cause: err}
	}
	return &Error{Kind: ErrInternal, Message: "something went wrong inside Gatehouse; the log says more", Cause: err}
}
