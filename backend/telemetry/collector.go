package telemetry

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"gatehouse/backend/llm"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
)

// The bounds on a collector that is slow, or does not answer at all.
const (
	sendLimit  = 10 * time.Second // for one request
	closeLimit = 3 * time.Second  // for what waits when the program ends
)

// Collector is where traces or metrics are sent to (OTLP specification, "OTLP/HTTP"). Endpoint is needed.
type Collector struct {
	// Endpoint is its base URL; /v1/traces and /v1/metrics are added to it.
	Endpoint string
	// Secret gives the header that the collector wants a secret in, and its value, for each request; empty for none, and nil
	// for none at all. The library adds what OTEL_EXPORTER_OTLP_HEADERS holds.
	Secret func(ctx context.Context) (name, value string)
	// Version is the program's own.
	Version string
	Logger  *slog.Logger
}

func (c Collector) url(signal string) string {
	return strings.TrimSuffix(c.Endpoint, "/") + "/v1/" + signal
}

// client sends with the secret. It follows no redirects, so that the secret never goes to another host.
func (c Collector) client() *http.Client {
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, TLSHandshakeTimeout: sendLimit, IdleConnTimeout: 90 * time.Second,
		MaxIdleConns: 2,
	}
	return &http.Client{
		Timeout: sendLimit, Transport: withSecret{transport, c.Secret},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

type withSecret struct {
	*http.Transport
	secret func(context.Context) (name, value string)
}

// RoundTrip implements http.RoundTripper.
func (w withSecret) RoundTrip(r *http.Request) (*http.Response, error) {
	if w.secret != nil {
		if name, value := w.secret(r.Context()); value != "" {
			r = r.Clone(r.Context())
			r.Header.Set(name, value)
		}
	}
	return w.Transport.RoundTrip(r)
}

// resource is what sends.
func (c Collector) resource() *resource.Resource {
	return resource.NewSchemaless(attribute.String("service.name", "gatehouse"), attribute.String("service.version", c.Version))
}

// logTrouble has the library's errors logged. It has one place for them, which the program's log is by its end.
func (c Collector) logTrouble() {
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		c.Logger.Warn("traces or metrics could not be sent to the collector", "error", err)
	}))
}

// closing bounds how long the end of the program waits for a collector, whatever it is given.
func closing(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, closeLimit)
}

// Test asks the collector whether it takes what it is sent, by sending nothing: an empty message is a whole one. Its errors
// are *llm.Error.
func (c Collector) Test(ctx context.Context, signal string) error {
	client := c.client()
	defer client.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url(signal), bytes.NewReader(nil))
	if err != nil {
		return llm.Errorf(llm.ErrBadRequest, "the collector's address can't be read: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-protobuf")
	resp, err := client.Do(req)
	switch {
	case ctx.Err() != nil:
		return llm.AsError(ctx.Err())
	case err != nil:
		return llm.Errorf(llm.ErrOverloaded, "the collector can't be reached (%w); is it running?", err).
			WithStatus(http.StatusBadGateway).WithCode("upstream_unreachable")
	}
	defer resp.Body.Close() //nolint:errcheck // its words are not needed
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<16))
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return llm.Errorf(llm.KindOfStatus(resp.StatusCode), "the collector answered %d at %s", resp.StatusCode, c.url(signal)).
			WithStatus(resp.StatusCode)
	}
	return nil
}

// Secrets gives what may be secret among the headers that the library reads from the environment itself (OpenTelemetry
// specification, "OTEL_EXPORTER_OTLP_HEADERS"): lists of name=value, escaped as in URLs.
func Secrets(env func(string) string) (out []string) {
	for _, signal := range []string{"", "TRACES_", "METRICS_"} {
		for header := range strings.SplitSeq(env("OTEL_EXPORTER_OTLP_"+signal+"HEADERS"), ",") {
			name, value, _ := strings.Cut(header, "=")
			if !telling.MatchString(name) {
				continue
			}
			if plain, err := url.PathUnescape(strings.TrimSpace(value)); err == nil {
				out = append(out, plain)
			}
		}
	}
	return out
}

// telling are the names of headers that hold secrets. The others may hold words that texts should keep.
var telling = regexp.MustCompile(`(?i)auth|key|token|secret|team|password`)
