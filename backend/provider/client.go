package provider

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"gatehouse/backend/llm"
)

// Client sends requests to providers. It follows no redirects, so that a credential never goes to another host, and asks
// for no compression, so that answers can be observed. It is safe for concurrent use.
type Client struct {
	remote *http.Transport
	sim    http.RoundTripper
}

// NewClient makes a client. sim answers for the built-in provider.
func NewClient(sim http.Handler) *Client {
	dial := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &Client{
		sim: inProcess{sim},
		remote: &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			DialContext:         dial.DialContext,
			ForceAttemptHTTP2:   true,
			DisableCompression:  true,
			MaxIdleConns:        256,
			MaxIdleConnsPerHost: 64,
			IdleConnTimeout:     90 * time.Second,
			TLSHandshakeTimeout: 10 * time.Second,
			// A connection that died while the machine slept is found out in seconds, not minutes.
			HTTP2: &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 10 * time.Second},
		},
	}
}

// Close drops idle connections.
func (c *Client) Close() { c.remote.CloseIdleConnections() }

// Body is a request body that can be read again for another try.
type Body interface {
	Reader() io.Reader
	Len() int64
}

// Call is one request to a provider, in a dialect or, where Surface is set, of those that are passed on whole.
type Call struct {
	Provider *Provider
	Dialect  llm.Dialect
	// Model and Method are for dialects whose URLs name them, as Gemini's do: .../models/{model}:{method}. Version is for
	// those whose URLs begin with one, as the AI SDK's do.
	Model, Method, Version string
	// Verb is the HTTP method, empty for POST. Suffix is added to the path of the dialect's endpoint.
	Verb, Suffix string
	// Count asks only how many tokens the request has.
	Count bool
	// Surface is set for what is passed on whole; Tail is then what follows the surface's own path, escaped.
	Surface llm.Surface
	Tail    string
	// Query is added to the endpoint's URL.
	Query  string
	Header http.Header
	// Secret is the credential, empty for providers that take none.
	Secret string
	// Body is nil for a call without one.
	Body Body
	// Hold counts who reads Body; nil where its memory is not used again.
	Hold *Hold
}

// url is where the call goes.
func (call Call) url() (*url.URL, error) {
	u, err := call.endpoint()
	if err != nil {
		return nil, llm.Errorf(llm.ErrBadRequest, "%w", err)
	}
	if call.Suffix != "" {
		u = u.JoinPath(call.Suffix)
	}
	u.RawQuery = call.Query
	if call.Version != "" {
		u.Path, u.RawPath = strings.Replace(u.Path, versionHere, call.Version, 1), ""
	}
	if call.Method == "" {
		return u, nil
	}
	for segment := range strings.SplitSeq(call.Model, "/") {
		if segment == "" || segment == "." || segment == ".." { // it would lead elsewhere
			return nil, llm.Errorf(llm.ErrNotFound, "%q is no name of a model of %s", call.Model, call.Provider.Name).
				WithCode("model_not_found")
		}
	}
	here, model := modelHere, call.Model
	if strings.HasPrefix(model, "models/") || strings.HasPrefix(model, "tunedModels/") { // it names its collection
		here = "models/" + modelHere
	}
	u.Path, u.RawPath = strings.Replace(u.Path, here, model, 1)+":"+call.Method, ""
	return u, nil
}

// endpoint is the URL that takes such calls, without what only this one names.
func (call Call) endpoint() (*url.URL, error) {
	switch {
	case call.Surface != "":
		return call.Provider.surfaceURL(call.Surface, call.Tail)
	case call.Count:
		return url.Parse(call.Provider.BaseURL + call.Provider.counts[call.Dialect])
	}
	return call.Provider.Endpoint(call.Dialect)
}

// Do sends the call and gives the answer as soon as its header is there. Its errors are *llm.Error.
func (c *Client) Do(ctx context.Context, call Call) (*http.Response, error) {
	u, err := call.url()
	if err != nil {
		return nil, err
	}
	call.Provider.Authorize(call.Header, call.Dialect, call.Secret)
	req := (&http.Request{Method: cmp.Or(call.Verb, http.MethodPost), URL: u, Host: u.Host, Header: call.Header}).WithContext(ctx)
	if call.Body != nil {
		req.Body, req.ContentLength = call.Hold.reader(call.Body.Reader()), call.Body.Len()
		req.GetBody = func() (io.ReadCloser, error) { return call.Hold.reader(call.Body.Reader()), nil }
	}
	resp, err := c.transport(u).RoundTrip(req)
	if err != nil {
		return nil, connectError(ctx, call.Provider, err)
	}
	return resp, nil
}

func (c *Client) transport(u *url.URL) http.RoundTripper {
	if u.Host == simHost {
		return c.sim
	}
	return c.remote
}

// connectError says why no answer came. Only the network's own words are repeated: they hold host and port, never a
// credential.
func connectError(ctx context.Context, p *Provider, err error) *llm.Error {
	if cause := ctx.Err(); cause != nil {
		return llm.AsError(cause)
	}
	kind, hint := llm.ErrOverloaded, "check the network, or try again"
	if p.Local {
		hint = "is it running?"
	}
	var ne net.Error
	if errors.As(err, &ne) && ne.Timeout() {
		kind = llm.ErrTimeout
	}
	if de, ok := errors.AsType[*net.DNSError](err); ok && de.IsNotFound {
		hint = "check the base URL in settings, and the network"
	}
	e := llm.Errorf(kind, "%s can't be reached at %s (%w); %s", p.Name, p.BaseURL, err, hint).WithCode("upstream_unreachable")
	if kind == llm.ErrOverloaded {
		e.Status = http.StatusBadGateway
	}
	return e
}
