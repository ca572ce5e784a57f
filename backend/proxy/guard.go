package proxy

import (
	"net"
	"net/http"
	"strings"

	"gatehouse/backend/access"
	"gatehouse/backend/llm"
)

// guardHost refuses a request whose Host is not ours. It stops DNS rebinding, in which a web page's own name is made to
// point at 127.0.0.1 so that the browser takes us for the page's own server.
func (s *Server) guardHost(r *http.Request) *llm.Error {
	host, port, err := net.SplitHostPort(r.Host)
	if err != nil {
		host, port = r.Host, "80"
	}
	local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return refuse("the connection's own address is unknown")
	}
	_, ours, err := net.SplitHostPort(local.String())
	if err != nil || port != ours {
		return refuse("the Host header does not name this endpoint's port; use the endpoint's address as it is shown")
	}
	switch strings.ToLower(host) {
	case "127.0.0.1", "localhost", "::1", "[::1]":
		return nil
	}
	return refuse("the Host header names another host; reach the endpoint as 127.0.0.1, localhost or [::1]")
}

// guardOrigin refuses what a web page sent. No CORS header is ever given, but that only keeps pages from reading
// answers; a request that costs money must not even start. Browsers send Origin with every cross-site POST and WebSocket
// and Sec-Fetch-Site or Referer with the rest.
func (s *Server) guardOrigin(r *http.Request) *llm.Error {
	if origins := r.Header.Values("Origin"); len(origins) > 0 {
		for _, origin := range origins {
			if !s.originAllowed(origin) {
				return refuse("web pages may not use this endpoint; to allow one, add its origin to allowedOrigins in settings")
			}
		}
		return nil
	}
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "none" {
		return refuse("web pages may not use this endpoint")
	}
	if referer := r.Header.Get("Referer"); referer != "" && !s.originAllowed(originOf(referer)) {
		return refuse("web pages may not use this endpoint; to allow one, add its origin to allowedOrigins in settings")
	}
	return nil
}

// originOf cuts a URL down to its origin.
func originOf(u string) string {
	scheme, rest, ok := strings.Cut(u, "://")
	if !ok {
		return u
	}
	host, _, _ := strings.Cut(rest, "/")
	return scheme + "://" + host
}

func (s *Server) originAllowed(origin string) bool {
	for _, allowed := range s.Limits().AllowedOrigins {
		if origin == allowed {
			return true
		}
	}
	return false
}

func refuse(message string) *llm.Error {
	return llm.Errorf(llm.ErrAuth, "%s", message).WithStatus(http.StatusForbidden).WithCode("forbidden")
}

// keyHeaders are the places where clients put an API key besides Authorization: Bearer.
var keyHeaders = []string{"X-Api-Key", "X-Goog-Api-Key", "Api-Key"}

// secondHeader carries our key where a client's Authorization holds the client's own token for the vendor: Claude Code on
// a subscription, with ANTHROPIC_CUSTOM_HEADERS (Vercel AI Gateway documentation, "Claude Code Max").
const secondHeader = "X-Ai-Gateway-Api-Key"

// authenticate finds the local API key. Every place that holds one is tried, the second header first: SDKs send a
// left-over key of the provider in one header and ours in another.
func (s *Server) authenticate(r *http.Request) (access.Key, *llm.Error) {
	var refused error
	try := func(token string) (access.Key, bool) {
		if token == "" {
			return access.Key{}, false
		}
		key, err := s.Keys.Authenticate(token)
		if err != nil && refused == nil {
			refused = err
		}
		return key, err == nil
	}
	for _, v := range r.Header[secondHeader] {
		if key, ok := try(secondKey(v)); ok {
			return key, nil
		}
	}
	for _, v := range r.Header.Values("Authorization") {
		if key, ok := try(bearer(v)); ok {
			return key, nil
		}
	}
	for _, name := range keyHeaders {
		for _, token := range r.Header.Values(name) {
			if key, ok := try(token); ok {
				return key, nil
			}
		}
	}
	if upgrades(r) {
		_, keys := protocolsOf(r)
		for _, token := range keys {
			if key, ok := try(token); ok {
				return key, nil
			}
		}
	}
	if refused != nil {
		return access.Key{}, llm.AsError(refused)
	}
	return access.Key{}, llm.Errorf(llm.ErrAuth, "no API key came with the request; make one in the window or with "+
		"`gatehouse key create NAME`, and send it as \"Authorization: Bearer KEY\"").WithCode("missing_api_key")
}

// bearer gives the token of an Authorization header, empty for another scheme.
func bearer(v string) string {
	scheme, token, _ := strings.Cut(v, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// secondKey gives the key of the second header, which may stand there with its scheme or without.
func secondKey(v string) string {
	if token := bearer(v); token != "" {
		return token
	}
	return strings.TrimSpace(v)
}

// own gives the headers with the client's own token for its vendor, nil if it has none. It has one only where our key is
// in the second header; without that, what stands in the other headers is a left-over that goes nowhere. Nothing that
// looks like a key of ours is ever among them.
func (s *Server) own(r *http.Request) http.Header {
	values := r.Header[secondHeader]
	if len(values) == 0 {
		return nil
	}
	if _, err := s.Keys.Authenticate(secondKey(values[0])); err != nil {
		return nil
	}
	var own http.Header
	keep := func(name, value, token string) {
		if token == "" || access.Ours(token) {
			return
		}
		if own == nil {
			own = http.Header{}
		}
		own[name] = []string{value}
	}
	keep("Authorization", r.Header.Get("Authorization"), bearer(r.Header.Get("Authorization")))
	for _, name := range keyHeaders {
		keep(name, r.Header.Get(name), secondKey(r.Header.Get(name)))
	}
	return own
}
