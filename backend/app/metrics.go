package app

import (
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
