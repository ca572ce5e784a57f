package app

import (
	"context"
	"net/url"

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

// openTraces starts to send traces where settings say where to.
func (c *Core) openTraces() (err error) {
	endpoint := c.settings.Snapshot().Traces.Endpoint
	if endpoint == "" {
		return nil
	}
	c.traces, err = telemetry.OpenTraces(context.Background(), telemetry.TraceOptions{
		Endpoint: endpoint, Version: c.Version, Logger: c.logger, Address: func(provider string) string {
			p := (*c.table.Load())[provider]
			if p == nil {
				return ""
			}
			u, err := url.Parse(p.BaseURL)
			if err != nil {
				return ""
			}
			return u.Hostname()
		},
	})
	if err == nil {
		c.onClose(func(ctx context.Context) { c.check("traces", c.traces.Close(ctx)) })
	}
	return err
}
