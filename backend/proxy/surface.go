package proxy

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

// surface is a path under which one agent finds everything that the endpoint has, with what that agent needs done
// differently. The paths are the hosted gateway's ("Coding agents").
type surface string

const (
	claudeCode  surface = "claude-code"
	codex       surface = "codex"
	cursor      surface = "cursor"
	codingAgent surface = "coding-agent"
)

var surfaces = map[surface]bool{claudeCode: true, codex: true, cursor: true, codingAgent: true}

type surfaceKey struct{}

// surfaceOf tells on which surface a request came in, empty if on none.
func surfaceOf(r *http.Request) surface {
	s, _ := r.Context().Value(surfaceKey{}).(surface)
	return s
}

// enter takes the surface off a request's path, so that everything behind it sees the path it knows.
func enter(r *http.Request) *http.Request {
	first, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	s := surface(first)
	if !surfaces[s] {
		return r
	}
	inner := r.WithContext(context.WithValue(r.Context(), surfaceKey{}, s))
	inner.URL = new(url.URL)
	*inner.URL = *r.URL
	inner.URL.Path = "/" + rest
	if r.URL.RawPath != "" {
		inner.URL.RawPath = strings.TrimPrefix(r.URL.RawPath, "/"+first)
	}
	return inner
}

// base is the URL that a client's base URL begins with: the endpoint's, with the surface that it came in on.
func base(r *http.Request) string {
	if s := surfaceOf(r); s != "" {
		return "http://" + r.Host + "/" + string(s)
	}
	return "http://" + r.Host
}
