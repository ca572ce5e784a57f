// Package notify shows a notification of the desktop's.
//
// It must not know what is worth one.
package notify

import "context"

// Message is one notification.
type Message struct {
	Title, Body string
	// Urgent ones stay until they are read, where the desktop lets them.
	Urgent bool
}

// Show shows a message, where the desktop has a place for such; an error says that it has none.
func Show(ctx context.Context, m Message) error { return show(ctx, m) }
