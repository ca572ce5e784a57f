package compare

import (
	"cmp"
	"slices"
)

// totals sums up each model's answers.
func totals(c Comparison, answers []Answer) []Total {
	var all []Total
	for _, model := range c.Models {
		t := Total{Model: model}
		var tokens, costs, waits []*int64
		var speeds []*float64
		for _, a := range answers {
			switch {
			case a.Model != model:
			case a.State == StateFailed:
				t.Failed++
			case a.State == StateDone:
				t.Answered++
				tokens, costs = append(tokens, a.OutputTokens), append(costs, a.CostPicoUSD)
				waits, speeds = append(waits, a.FirstTokenMs), append(speeds, a.TokensPerSecond)
			}
		}
		for _, w := range c.Winners {
			if w == model {
				t.Wins++
			}
		}
		t.OutputTokens, t.CostPicoUSD = sum(tokens), sum(costs)
		t.FirstTokenMs, t.TokensPerSecond = median(waits), median(speeds)
		all = append(all, t)
	}
	return all
}

// sum is nil where there is nothing to add or one is unknown.
func sum(numbers []*int64) *int64 {
	var total int64
	for _, n := range numbers {
		if n == nil {
			return nil
		}
		total += *n
	}
	if len(numbers) == 0 {
		return nil
	}
	return &total
}

// median is the lower one of an even count; nil where none is known.
func median[T cmp.Ordered](numbers []*T) *T {
	known := slices.DeleteFunc(slices.Clone(numbers), func(n *T) bool { return n == nil })
	if len(known) == 0 {
		return nil
	}
	slices.SortFunc(known, func(a, b *T) int { return cmp.Compare(*a, *b) })
	return known[(len(known)-1)/2]
}
