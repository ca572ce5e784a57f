package credential

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// found is what an environment variable holds.
type found struct {
	value, variable string
	// file is the .env file that it is in, empty for the program's own environment.
	file string
	// token tells that it ends by itself; expires is when, zero if that is not known.
	token   bool
	expires time.Time
}

func (f found) source() Source {
	if f.file != "" {
		return File
	}
	return Environment
}

func (f found) ended(now time.Time) bool { return !f.expires.IsZero() && !now.Before(f.expires) }

// find gives what a provider's variables hold, the best first: keys before tokens. Of keys the program's own environment
// comes first, as where .env files are read elsewhere; of tokens the file does, which is renewed while the program runs.
func (s *Store) find(spec Spec, file map[string]string) []found {
	var out []found
	add := func(names []string, inFile, token bool) {
		for _, name := range names {
			raw, ok := s.Environ(name)
			if inFile {
				raw, ok = file[name]
			}
			if f, usable := s.usable(name, raw); ok && usable {
				if f.token = token; token {
					f.expires, _ = Expiry(f.value)
				}
				if inFile {
					f.file = spec.EnvFile
				}
				out = append(out, f)
			}
		}
	}
	add(spec.Variables, false, false)
	add(spec.Variables, true, false)
	add(spec.Tokens, true, true)
	add(spec.Tokens, false, true)
	return out
}

func (s *Store) usable(name, raw string) (found, bool) {
	if strings.TrimSpace(raw) == "" {
		return found{}, false
	}
	s.Redactor.Add(strings.TrimSpace(raw))
	value, err := clean(raw)
	if err != nil {
		s.Logger.Warn("an environment variable holds no usable credential", "variable", name, "error", err)
		return found{}, false
	}
	return found{value: value, variable: name}, true
}

// variable gives the one to use now, and whether there is any; where all have ended, the one that did last. It needs the
// store's lock.
func (e *entry) variable(now time.Time) (found, bool) {
	last := found{}
	for _, f := range e.found {
		if !f.ended(now) {
			return f, true
		}
		if f.expires.After(last.expires) {
			last = f
		}
	}
	return last, false
}

// Expiry reads from a JSON web token when it ends (RFC 7519, "exp"). Nothing is verified: who takes the token does that.
func Expiry(token string) (time.Time, bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return time.Time{}, false
	}
	text, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return time.Time{}, false
	}
	var claims struct {
		Expires *float64 `json:"exp"`
	}
	const year9999 = 253402300799
	if json.Unmarshal(text, &claims) != nil || claims.Expires == nil || *claims.Expires < 1 || *claims.Expires > year9999 {
		return time.Time{}, false
	}
	whole, part := math.Modf(*claims.Expires)
	return time.Unix(int64(whole), int64(part*1e9)), true
}

// warnBefore is how long before its end a token is warned about.
const warnBefore = time.Hour

// about says when a token ends or ended, and what to do.
func (f found) about(spec Spec, now time.Time) string {
	where := f.variable
	if f.file != "" {
		where += " in " + f.file
	}
	verb := "ends"
	if f.ended(now) {
		verb = "has ended, it was good until"
	} else {
		verb += " at"
	}
	text := fmt.Sprintf("the token for %s from %s %s %s", spec.Provider, where, verb, f.expires.Local().Format("15:04 on 2 January"))
	switch {
	case spec.Renew == "":
		return text
	case f.file == "":
		return text + ": " + spec.Renew + ", and start Gatehouse again with it"
	}
	return text + ": " + spec.Renew
}

// Warnings says which tokens end within the hour or have ended without anything to take their place, each with what to do.
func (s *Store) Warnings() []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Clone(s.warnings)
}

// watchTokens brings the warnings up to date and gives how long they hold.
func (s *Store) watchTokens() time.Duration {
	now := s.Now()
	var warnings []string
	next := now.Add(24 * time.Hour)
	soonest := func(t time.Time) {
		if t.After(now) && t.Before(next) {
			next = t
		}
	}
	s.mu.Lock()
	for _, id := range s.order {
		e := s.providers[id]
		f, _ := e.variable(now)
		if e.slots[""].stored != "" || f.expires.IsZero() {
			continue
		}
		soonest(f.expires.Add(-warnBefore))
		soonest(f.expires)
		if !now.Before(f.expires.Add(-warnBefore)) {
			warnings = append(warnings, f.about(e.spec, now))
		}
	}
	before := s.warnings
	s.warnings = warnings
	s.mu.Unlock()
	for _, w := range warnings {
		if !slices.Contains(before, w) {
			s.Logger.Warn("a token ends", "problem", w)
		}
	}
	if !slices.Equal(before, warnings) {
		s.changed()
	}
	return next.Sub(now)
}
