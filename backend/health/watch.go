package health

import (
	"context"
	"net"
	"slices"
	"strings"
	"time"
)

// watchEvery is how often the machine's addresses are looked at; a look that comes much later than that came after sleep.
const (
	watchEvery = 5 * time.Second
	slept      = 6 * watchEvery
)

// Watch calls NetworkChanged when the machine wakes up or its addresses change, until ctx ends. No event for either
// exists that all systems share, so it looks.
func (b *Board) Watch(ctx context.Context) {
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	w := watcher{last: b.Now(), addresses: addresses()}
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if w.moved(b.Now(), addresses()) {
				b.NetworkChanged()
			}
		}
	}
}

// watcher compares one look with the one before.
type watcher struct {
	last      time.Time
	addresses string
}

func (w *watcher) moved(now time.Time, addresses string) bool {
	// Round takes the monotonic reading away, which stands still while the machine sleeps.
	gap := now.Round(0).Sub(w.last.Round(0))
	changed := gap > slept || addresses != w.addresses
	w.last, w.addresses = now, addresses
	return changed
}

// addresses gives the machine's own addresses beyond loopback, in one line.
func addresses() string {
	list, err := net.InterfaceAddrs()
	if err != nil {
		return ""
	}
	var out []string
	for _, a := range list {
		if ip, ok := a.(*net.IPNet); ok && !ip.IP.IsLoopback() && !ip.IP.IsLinkLocalUnicast() {
			out = append(out, ip.String())
		}
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}
