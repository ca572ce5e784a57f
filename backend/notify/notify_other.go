//go:build !linux

package notify

import (
	"context"

	"github.com/gen2brain/beeep"
)

func show(_ context.Context, m Message) error {
	if m.Urgent {
		return beeep.Alert(m.Title, m.Body, "")
	}
	return beeep.Notify(m.Title, m.Body, "")
}
