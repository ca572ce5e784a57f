// Package snapshot is what the program knows of models by itself, before anybody was asked and where nobody answers:
// prices and limits from two maintained npm packages, which build/snapshot turns into the files here (their licences are
// in LICENSES.txt).
//
// It must not know which providers are used, nor what their own lists say.
package snapshot

import (
	"bytes"
	_ "embed" // the files
	"encoding/json"
	"regexp"
	"strings"
	"sync"
	"time"

	"gatehouse/backend/catalog"
)

//go:embed prices.json
var pricesJSON []byte

//go:embed models.json
var modelsJSON []byte

// Snapshot is the files, read. It is immutable.
type Snapshot struct {
	lists []*list // those believed first in front
}

// list is one file.
type list struct {
	origin    *catalog.Origin
	providers map[string]*served
}

// served is a provider's models.
type served struct {
	address *regexp.Regexp
	models  []*entry
	byName  map[string]*entry
}

// Read reads the files, once.
var Read = sync.OnceValue(func() *Snapshot {
	s := &Snapshot{}
	for _, file := range [][]byte{pricesJSON, modelsJSON} {
		l, err := parse(file)
		if err != nil {
			panic("the embedded snapshot can't be read: " + err.Error()) // a test reads it
		}
		s.lists = append(s.lists, l)
	}
	return s
})

// file is the form of both files; money is in 1e-12 USD.
type file struct {
	Source struct {
		Package  string `json:"package"`
		Version  string `json:"version"`
		Released string `json:"released"`
		License  string `json:"license"`
	} `json:"source"`
	Providers []struct {
		ID      string   `json:"id"`
		Address string   `json:"address"`
		Models  []*entry `json:"models"`
	} `json:"providers"`
}

func parse(text []byte) (*list, error) {
	var f file
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&f); err != nil {
		return nil, err
	}
	at, err := time.Parse(time.DateOnly, f.Source.Released)
	if err != nil {
		return nil, err
	}
	l := &list{
		origin:    &catalog.Origin{Source: catalog.FromSnapshot, By: f.Source.Package + " " + f.Source.Version, At: at},
		providers: map[string]*served{},
	}
	for _, p := range f.Providers {
		s := &served{models: p.Models, byName: map[string]*entry{}}
		if p.Address != "" {
			if s.address, err = regexp.Compile("^" + p.Address); err != nil {
				return nil, err
			}
		}
		for _, e := range p.Models {
			for _, name := range append([]string{e.ID}, e.Also...) {
				if name = strings.ToLower(name); s.byName[name] == nil {
					s.byName[name] = e
				}
			}
		}
		l.providers[p.ID] = s
	}
	return l, nil
}

// Provider gives the name under which a provider of the user's own is in the files, by its base URL; empty if it is not.
func (s *Snapshot) Provider(baseURL string) string {
	for _, l := range s.lists {
		for id, p := range l.providers {
			if p.address != nil && p.address.MatchString(baseURL) {
				return id
			}
		}
	}
	return ""
}

// Find gives what the files say of a model at a provider at a time, newest first. A name that is not there is looked for
// without its date too. Where the newer file knows a model but not its price at that time, the older one's is gone by.
func (s *Snapshot) Find(provider, upstream string, now time.Time) []catalog.Said {
	var out []catalog.Said
	for _, l := range s.lists {
		if e := l.find(provider, upstream); e != nil {
			said := e.said(l.origin, now)
			if len(out) > 0 && out[0].Price == nil {
				said.Price = nil
			}
			out = append(out, said)
		}
	}
	return out
}

// dated is the end of a name that tells which release of a model it is.
var dated = regexp.MustCompile(`[-@](latest|\d{8}|\d{4}-\d{2}-\d{2}|\d{3,4})$`)

func (l *list) find(provider, upstream string) *entry {
	p := l.providers[provider]
	if p == nil {
		return nil
	}
	name := strings.ToLower(upstream)
	if e := p.byName[name]; e != nil {
		return e
	}
	if at := dated.FindStringIndex(name); at != nil {
		return p.byName[name[:at[0]]]
	}
	return nil
}

// Models gives the models of a provider, each by one name; those that its maker has given up are left out.
func (s *Snapshot) Models(provider string) []string {
	var out []string
	for i, l := range s.lists {
		p := l.providers[provider]
		if p == nil {
			continue
		}
		for _, e := range p.models {
			if !e.Old && !knownBefore(s.lists[:i], provider, e.ID) {
				out = append(out, e.ID)
			}
		}
	}
	return out
}

func knownBefore(lists []*list, provider, name string) bool {
	for _, l := range lists {
		if l.find(provider, name) != nil {
			return true
		}
	}
	return false
}

// NextChange gives the next time at which a price changes that is known ahead; the zero time is never.
func (s *Snapshot) NextChange(now time.Time) time.Time {
	var next time.Time
	for _, l := range s.lists {
		for _, p := range l.providers {
			for _, e := range p.models {
				for _, price := range e.Prices {
					if t := price.Since.time; t.After(now) && (next.IsZero() || t.Before(next)) {
						next = t
					}
				}
			}
		}
	}
	return next
}

// Origins tells what the files are made of and how old they are.
func (s *Snapshot) Origins() []catalog.Origin {
	var out []catalog.Origin
	for _, l := range s.lists {
		out = append(out, *l.origin)
	}
	return out
}
