package app

import (
	"context"
	"net/url"
	"os"
	"strings"

	"gatehouse/backend/credential"
	"gatehouse/backend/llm"
	"gatehouse/backend/settings"
	"gatehouse/backend/telemetry"
)

// openMetrics starts counting. What is asked when the metrics are read is there by then.
func (c *Core) openMetrics() *telemetry.Metrics {
	return telemetry.NewMetrics(telemetry.Sources{
		Version: c.Version, Build: c.Build,
		Running:   func() int { return c.history.Running() },
		Dropped:   func() int64 { _, dropped := c.history.Health(); return dropped },
		Unguarded: func() int64 { return c.history.Unguarded() },
		Unwell: func() (out []telemetry.Unwell) {
			for _, e := range c.board.All() {
				out = append(out, telemetry.Unwell{Provider: e.Provider, State: e.State})
			}
			return out
		},
	})
}

// openTelemetry starts to send traces and metrics where settings say where to.
func (c *Core) openTelemetry(credentials *credential.Store, redactor *credential.Redactor) (err error) {
	set := c.settings.Snapshot()
	for _, secret := range telemetry.Secrets(os.Getenv) {
		redactor.Add(secret)
	}
	if at := set.Traces.Endpoint; at != "" {
		if c.traces, err = telemetry.OpenTraces(context.Background(), c.collector(at, credentials), c.hostOf); err != nil {
			return err
		}
		c.onClose(func(ctx context.Context) { c.check("traces", c.traces.Close(ctx)) })
	}
	if at := set.Metrics.Endpoint; at != "" {
		if c.meter, err = telemetry.OpenMeter(context.Background(), c.collector(at, credentials), c.hostOf); err != nil {
			return err
		}
		c.onClose(func(ctx context.Context) { c.check("metrics", c.meter.Close(ctx)) })
	}
	return nil
}

// collector is one at an address, with the secret that there is.
func (c *Core) collector(endpoint string, credentials *credential.Store) telemetry.Collector {
	return telemetry.Collector{
		Endpoint: endpoint, Version: c.Version, Logger: c.logger, Secret: func(ctx context.Context) (name, value string) {
			found, err := credentials.Lookup(ctx, settings.CollectorID)
			switch {
			case err != nil || found.Secret == "":
				return "", ""
			case c.settings.Snapshot().Collector.Header != "":
				return c.settings.Snapshot().Collector.Header, found.Secret
			case strings.Contains(found.Secret, " "): // it names its scheme: "Basic ..."
				return "Authorization", found.Secret
			}
			return "Authorization", "Bearer " + found.Secret
		},
	}
}

// testCollectors asks those that settings name now whether they take what they are sent.
func (c *Core) testCollectors(ctx context.Context, credentials *credential.Store) error {
	set := c.settings.Snapshot()
	if set.Traces.Endpoint == "" && set.Metrics.Endpoint == "" {
		return llm.Errorf(llm.ErrBadRequest, "settings name no collector: set traces.endpoint or metrics.endpoint")
	}
	for _, to := range []struct{ endpoint, signal string }{{set.Traces.Endpoint, "traces"}, {set.Metrics.Endpoint, "metrics"}} {
		if to.endpoint == "" {
			continue
		}
		if err := c.collector(to.endpoint, credentials).Test(ctx, to.signal); err != nil {
			return err
		}
	}
	return nil
}

// hostOf gives the host that a provider is reached at, empty where it is not known.
func (c *Core) hostOf(id string) string {
	p := (*c.table.Load())[id]
	if p == nil {
		return ""
	}
	u, err := url.Parse(p.BaseURL)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
