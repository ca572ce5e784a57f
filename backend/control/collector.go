package control

import (
	"context"

	"gatehouse/backend/provider"
	"gatehouse/backend/settings"
)

// collector stands among the providers where credentials are set, tested and removed: the secret that traces and metrics are
// sent with. Nothing else knows it.
var collector = &provider.Provider{ID: settings.CollectorID, Name: "OpenTelemetry collector", Credential: provider.Optional}

// collectorView is the collectors' secret as it is listed.
func (s *Service) collectorView() Credential { return s.viewOf(collector, "") }

// check asks a provider, or the collectors, whether they accept a credential.
func (s *Service) check(ctx context.Context, p *provider.Provider, secret string) error {
	if p == collector {
		return s.Collectors(ctx)
	}
	return s.Checker.Check(ctx, p, secret)
}
