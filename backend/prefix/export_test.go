package prefix

// Limit sets other bounds.
func (m *Memory) Limit(conversations, blocks int) { m.most, m.mostBlocks = conversations, blocks }
