package control

import (
	"context"

	"gatehouse/backend/llm"
	"gatehouse/backend/settings"
)

// Login is whether the program starts when its user logs in, as the desktop keeps it.
type Login interface {
	Enabled() (bool, error)
	Set(on bool) error
}

// Switch is on or off.
type Switch struct {
	On bool `json:"on"`
}

// WindowPage is one of the window's pages, such as usage, with what of it is to be shown, such as a request's id; empty
// for nothing in particular.
type WindowPage struct {
	Page string `json:"page"`
	Item string `json:"item"`
}

func (s *Service) windowCommand(which func(Window) func()) (Empty, error) {
	s.mu.Lock()
	do := which(s.window)
	s.mu.Unlock()
	if do == nil {
		return Empty{}, noWindow()
	}
	do()
	return Empty{}, nil
}

func noWindow() error {
	return llm.Errorf(llm.ErrBadRequest, "the running Gatehouse has no window; `gatehouse ui` opens its pages in a browser")
}

func (s *Service) openWindow(_ context.Context, p WindowPage) (Empty, error) {
	s.mu.Lock()
	open := s.window.Open
	s.mu.Unlock()
	if open == nil {
		return Empty{}, noWindow()
	}
	open(p)
	return Empty{}, nil
}

// autostart is nil where there is nothing to start at login, or where it can't be told.
func (s *Service) autostart() *bool {
	if s.Login == nil {
		return nil
	}
	on, err := s.Login.Enabled()
	if err != nil {
		s.Logger.Warn("whether Gatehouse starts at login is unknown", "error", err)
		return nil
	}
	return &on
}

func (s *Service) setAutostart(_ context.Context, p Switch) (Empty, error) {
	if s.Login == nil {
		return Empty{}, llm.Errorf(llm.ErrBadRequest, "this Gatehouse has no window that could start hidden at login; have your system start "+
			"`gatehouse serve`, for example by a systemd user unit")
	}
	if err := s.Login.Set(p.On); err != nil {
		return Empty{}, llm.Errorf(llm.ErrInternal, "%w", err)
	}
	s.Changed()
	return Empty{}, nil
}

func (s *Service) setNotifications(_ context.Context, p Switch) (Empty, error) {
	err := s.Settings.Modify(func(set *settings.Settings) error {
		set.Notifications = p.On
		return nil
	})
	if err != nil {
		return Empty{}, err
	}
	s.Changed()
	return Empty{}, nil
}
