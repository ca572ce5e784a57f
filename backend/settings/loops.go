package settings

import (
	"slices"
	"strconv"
	"strings"
)

// standing is one of the models that a virtual model stands for or falls back to, and where settings say so.
type standing struct {
	at    []string
	model string
}

// checkLoops refuses virtual models that stand for themselves, be it by way of others.
func checkLoops(s *Settings) *valueError {
	for _, name := range sortedKeys(s.VirtualModels) {
		for _, e := range s.standings(name) {
			if way := s.way(e.model, name, nil); way != nil {
				return valueErrorf(e.at, "%s stands for itself: %s", name, strings.Join(append([]string{name}, way...), " stands for "))
			}
		}
	}
	return nil
}

// standings gives what a virtual model stands for and falls back to.
func (s *Settings) standings(name string) []standing {
	v := s.VirtualModels[name]
	if v.Archived {
		return nil // nobody can ask for it
	}
	at := func(path ...string) []string { return append([]string{"virtualModels", name}, path...) }
	var out []standing
	if v.Model != "" {
		out = append(out, standing{at("model"), v.Model})
	}
	for i, t := range v.Targets {
		out = append(out, standing{at("targets", strconv.Itoa(i), "model"), t.Model})
	}
	if v.Options != nil {
		for i, m := range v.Options.Models {
			out = append(out, standing{at("options", "models", strconv.Itoa(i)), m})
		}
	}
	return out
}

// way gives the names by which a model comes to stand for a virtual model, that one the last; nil if it does not. seen are the
// names that were looked at before.
func (s *Settings) way(model, virtual string, seen *[]string) []string {
	if seen == nil {
		seen = &[]string{}
	}
	if model == "gatehouse/active" {
		model = s.ActiveModel
	}
	if _, ok := s.VirtualModels[model]; !ok {
		model = strings.TrimPrefix(model, "vmc/")
	}
	if model == virtual {
		return []string{model}
	}
	if slices.Contains(*seen, model) {
		return nil
	}
	*seen = append(*seen, model)
	for _, e := range s.standings(model) {
		if way := s.way(e.model, virtual, seen); way != nil {
			return append([]string{model}, way...)
		}
	}
	return nil
}
