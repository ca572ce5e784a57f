package settings

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// valueError is a value that is well formed but makes no sense. Its pointer (RFC 6901) says where.
type valueError struct {
	pointer string
	message string
}

func (e *valueError) Error() string { return e.message }

func valueErrorf(path []string, format string, args ...any) *valueError {
	return &valueError{pointer(path), strings.Join(path, ".") + ": " + fmt.Sprintf(format, args...)}
}

var escapePointer = strings.NewReplacer("~", "~0", "/", "~1")

func pointer(path []string) string {
	var b strings.Builder
	for _, p := range path {
		b.WriteString("/" + escapePointer.Replace(p))
	}
	return b.String()
}

// The bounds of maxBodyBytes.
const (
	minBody = 1 << 10
	maxBody = 1 << 30
)

// maxFetch is the upper bound of fetch.maxBytes; minBody is the lower one.
const maxFetch = 50 << 20

// The bounds of history.
const (
	maxKeepDays = 36_500
	minKeepMB   = 50
	maxKeepMB   = 1 << 20
)

// The bounds of a project's keepContents. There is no way to keep contents for good.
const (
	minKeepContents = Duration(time.Minute)
	maxKeepContents = Duration(90 * 24 * time.Hour)
)

// check tests the values. Known lists the ids of the built-in providers; nil leaves ids unchecked.
func check(s *Settings, known []string) *valueError {
	if s.Version > Version {
		return valueErrorf([]string{"version"}, "this file was written for a newer Gatehouse "+
			"(version %d, this one reads %d): update Gatehouse", s.Version, Version)
	}
	if s.Version < 1 {
		return valueErrorf([]string{"version"}, "must be %d", Version)
	}
	if err := checkModel([]string{"activeModel"}, s.ActiveModel); err != nil {
		return err
	}
	if err := checkFavourites(s.Favourites); err != nil {
		return err
	}
	if s.ActiveModel == "gatehouse/active" {
		return valueErrorf([]string{"activeModel"}, "gatehouse/active can't stand for itself: "+
			"name a model, for example sim/echo")
	}
	if err := checkAddr([]string{"addr"}, s.Addr); err != nil {
		return err
	}
	if s.Ollama.Addr != "" {
		if err := checkAddr([]string{"ollama", "addr"}, s.Ollama.Addr); err != nil {
			return err
		}
	}
	if err := checkTelemetry(s); err != nil {
		return err
	}
	if s.MaxBodyBytes < minBody || s.MaxBodyBytes > maxBody {
		return valueErrorf([]string{"maxBodyBytes"}, "%d is outside %d (1 KiB) to %d (1 GiB)",
			s.MaxBodyBytes, minBody, maxBody)
	}
	if s.Fetch.MaxBytes < minBody || s.Fetch.MaxBytes > maxFetch {
		return valueErrorf([]string{"fetch", "maxBytes"}, "%d is outside %d (1 KiB) to %d (50 MiB)",
			s.Fetch.MaxBytes, minBody, maxFetch)
	}
	if s.History.KeepDays < 0 || s.History.KeepDays > maxKeepDays {
		return valueErrorf([]string{"history", "keepDays"}, "%d is outside 1 to %d; leave it out to keep everything",
			s.History.KeepDays, maxKeepDays)
	}
	if m := s.History.MaxMegabytes; m != 0 && (m < minKeepMB || m > maxKeepMB) {
		return valueErrorf([]string{"history", "maxMegabytes"}, "%d is outside %d to %d; leave it out for no bound", m, minKeepMB, maxKeepMB)
	}
	for _, name := range sortedKeys(s.Projects) {
		if keep := s.Projects[name].KeepContents; keep != 0 && (keep < minKeepContents || keep > maxKeepContents) {
			return valueErrorf([]string{"projects", name, "keepContents"}, "%s is outside 1m to 2160h (90 days); leave it out to keep "+
				"nothing of prompts and answers", time.Duration(keep))
		}
	}
	for i, origin := range s.AllowedOrigins {
		if err := checkOrigin([]string{"allowedOrigins", strconv.Itoa(i)}, origin); err != nil {
			return err
		}
	}
	for _, id := range sortedKeys(s.Providers) {
		if err := checkProvider([]string{"providers", id}, id, s.Providers[id], known); err != nil {
			return err
		}
	}
	for _, id := range sortedKeys(s.Credentials) {
		if err := checkCredentials([]string{"credentials", id}, id, s, known); err != nil {
			return err
		}
	}
	for _, id := range sortedKeys(s.Catalog) {
		if err := checkOverride([]string{"catalog", id}, id, s.Catalog[id]); err != nil {
			return err
		}
	}
	if err := checkRouting(s); err != nil {
		return err
	}
	if err := checkChatDefaults(s); err != nil {
		return err
	}
	return checkBudgets(s)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// maxFavourites bounds what is offered first: more is a list to search in.
const maxFavourites = 100

func checkFavourites(ids []string) *valueError {
	if len(ids) > maxFavourites {
		return valueErrorf([]string{"favourites"}, "%d are more than %d", len(ids), maxFavourites)
	}
	for i, id := range ids {
		if err := checkModel([]string{"favourites", strconv.Itoa(i)}, id); err != nil {
			return err
		}
	}
	return nil
}

func checkModel(path []string, id string) *valueError {
	if id == "" {
		return valueErrorf(path, "a model is missing: write creator/model, for example sim/echo")
	}
	odd := func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsGraphic(r) }
	if len(id) > 256 || !utf8.ValidString(id) || strings.ContainsFunc(id, odd) {
		return valueErrorf(path, "%.80q is no model id: write creator/model without spaces, for example sim/echo", id)
	}
	return nil
}

func checkAddr(path []string, addr string) *valueError {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return valueErrorf(path, "%q is no address: write host:port, for example 127.0.0.1:4283", addr)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || strconv.FormatUint(n, 10) != port {
		return valueErrorf(path, "%q is no port: write a number from 0 (any free one) to 65535", port)
	}
	if host == "localhost" {
		return nil
	}
	if ip, err := netip.ParseAddr(host); err != nil || !ip.IsLoopback() || ip.Zone() != "" {
		return valueErrorf(path, "%q is not this machine's loopback: Gatehouse serves this machine only, "+
			"so write 127.0.0.1, [::1] or localhost", host)
	}
	return nil
}

func checkOrigin(path []string, origin string) *valueError {
	u, err := url.Parse(origin)
	if err != nil || !utf8.ValidString(origin) || u.Scheme == "" || u.Hostname() == "" || u.User != nil ||
		strings.Contains(u.Host, "*") || u.Scheme+"://"+u.Host != origin || strings.ToLower(origin) != origin {
		return valueErrorf(path, "%q is no origin: write exactly scheme://host or scheme://host:port in small letters, "+
			"for example http://localhost:5173; there are no wildcards", origin)
	}
	return nil
}

var providerID = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)

func checkProvider(path []string, id string, p Provider, known []string) *valueError {
	if !providerID.MatchString(id) || id == "gatehouse" || id == CollectorID {
		return valueErrorf(path, "%q can't be a provider's id: use small letters, digits, '.', '_' and '-'", id)
	}
	builtIn := slices.Contains(known, id)
	switch {
	case p.Type != "" && p.Type != OpenAICompatible:
		return valueErrorf(append(path, "type"), "%q is unknown: write %q for a provider of your own, "+
			"or leave it out for a built-in one", p.Type, OpenAICompatible)
	case p.Type != "" && builtIn:
		return valueErrorf(append(path, "type"), "%s is built in: leave its type out, "+
			"or give your own provider another id", id)
	case p.Type == "" && known != nil && !builtIn:
		return valueErrorf(path, "no built-in provider has this id%s For a provider of your own add \"type\": %q "+
			"and a \"baseURL\"", strings.TrimSuffix(suggest(id, known), "?")+".", OpenAICompatible)
	case p.Type != "" && p.BaseURL == "":
		return valueErrorf(path, "a provider of your own needs a \"baseURL\", for example https://api.example.com/v1")
	}
	if err := checkName(append(path, "name"), p.Name); err != nil {
		return err
	}
	if p.BaseURL == "" {
		return nil
	}
	return checkBaseURL(append(path, "baseURL"), p.BaseURL)
}

func checkName(path []string, name string) *valueError {
	if len(name) > 200 || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return valueErrorf(path, "a name is one line of text of at most 200 bytes")
	}
	return nil
}

// checkBaseURL doesn't repeat what it was given: a URL with a password in it would end up in logs.
func checkBaseURL(path []string, base string) *valueError {
	u, err := url.Parse(base)
	switch {
	case err != nil || !utf8.ValidString(base) || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "":
		return valueErrorf(path, "a base URL is absolute and starts with http:// or https://, "+
			"for example https://api.example.com/v1")
	case u.User != nil:
		return valueErrorf(path, "a base URL holds no user name or password: "+
			"store the secret with `gatehouse credential set`")
	case u.RawQuery != "" || u.ForceQuery || strings.Contains(base, "#"):
		return valueErrorf(path, "a base URL ends with its path: drop the ? or # and what follows")
	}
	return nil
}

func checkOverride(path []string, id string, m ModelOverride) *valueError {
	if err := checkModel(path, id); err != nil {
		return err
	}
	for _, n := range []struct {
		name  string
		value *int64
	}{{"context_window", m.ContextWindow}, {"max_tokens", m.MaxTokens}} {
		if n.value != nil && (*n.value < 1 || *n.value > 1e12) {
			return valueErrorf(append(path, n.name), "%d is no number of tokens", *n.value)
		}
	}
	if err := checkName(append(path, "name"), m.Name); err != nil {
		return err
	}
	if err := checkName(append(path, "type"), m.Type); err != nil {
		return err
	}
	for i, tag := range m.Tags {
		if err := checkName(append(path, "tags", strconv.Itoa(i)), tag); err != nil {
			return err
		}
	}
	return checkPricing(append(path, "pricing"), m.Pricing)
}
