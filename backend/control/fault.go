package control

import "context"

// longestFault bounds each part of a fault that is logged, in bytes.
const longestFault = 400

// pagesFault keeps in the log that a page could not be drawn: who looks into it later has nothing else.
func (s *Service) pagesFault(_ context.Context, f PageFault) (Empty, error) {
	part := func(text string) string { return text[:min(len(text), longestFault)] }
	s.Logger.Error("a page ran into a fault", "page", part(f.Page), "kind", part(f.Kind), "message", part(f.Message), "place", part(f.Place))
	return Empty{}, nil
}
