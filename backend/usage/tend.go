package usage

import (
	"context"
	"time"
)

// tendEvery is how often it is looked for what need not be kept any more, and for days to sum up.
const tendEvery = time.Hour

// tend looks after what is stored, for as long as the history is open: it deletes what need not be kept, and sums up days.
func (h *History) tend() {
	defer close(h.tended)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-h.stop:
			cancel()
		case <-ctx.Done():
		}
	}()
	tick := time.NewTicker(tendEvery)
	defer tick.Stop()
	for {
		deleted, err := h.Prune(ctx)
		if ctx.Err() == nil && err != nil {
			h.opts.Logger.Error("old requests can't be deleted from the usage history", "error", err)
		} else if deleted > 0 {
			h.opts.Logger.Info("old requests were deleted from the usage history", "requests", deleted)
		}
		built, err := h.buildDays(ctx, h.opts.Zone, h.opts.Now().Add(-settleTime))
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			h.opts.Logger.Error("days of the usage history can't be summed up, so reports over long times are slow", "error", err)
		} else if built > 0 {
			h.opts.Logger.Debug("days of the usage history were summed up", "days", built)
		}
		select {
		case <-tick.C:
		case <-h.tidy:
		case <-ctx.Done():
			return
		}
	}
}

// KeepChanged says that Options.Keep gives another answer than before.
func (h *History) KeepChanged() { h.tidyUp() }

// tidyUp has the stored history looked after at once.
func (h *History) tidyUp() {
	select {
	case h.tidy <- struct{}{}:
	default:
	}
}
