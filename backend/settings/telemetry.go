package settings

import (
	"regexp"
	"slices"
	"strings"
)

// CollectorID is what the collectors' secret is called where credentials are set. No provider may be called so.
const CollectorID = "opentelemetry"

// headerName is a header's name (RFC 9110, "token").
var headerName = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$")

// ownHeaders are those that every request to a collector has a meaning for already.
var ownHeaders = []string{"host", "connection", "transfer-encoding", "content-type", "content-length", "content-encoding"}

func checkTelemetry(s *Settings) *valueError {
	for _, e := range []struct{ name, endpoint string }{{"traces", s.Traces.Endpoint}, {"metrics", s.Metrics.Endpoint}} {
		if e.endpoint == "" {
			continue
		}
		if err := checkBaseURL([]string{e.name, "endpoint"}, e.endpoint); err != nil {
			return err
		}
	}
	if h := s.Collector.Header; h != "" && (!headerName.MatchString(h) || slices.Contains(ownHeaders, strings.ToLower(h))) {
		return valueErrorf([]string{"collector", "header"}, "must be the name of a header for a secret, for example x-honeycomb-team; "+
			"the secret itself is stored with `gatehouse credential set %s`", CollectorID)
	}
	return nil
}
