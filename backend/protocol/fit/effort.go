package fit

import "slices"

// Efforts are the levels of llm.ReasoningConfig, from least to most, without none.
var Efforts = []string{"minimal", "low", "medium", "high", "xhigh", "max"}

// shares is the part of the output that a level may think away, in percent, as AI SDK 7 bridges levels and budgets.
var shares = []int64{2, 10, 30, 60, 90, 95}

// Budget is a level's budget, in tokens, where the answer may have limit of them. It is 0 for an unknown level.
func Budget(effort string, limit int64) int64 {
	i := slices.Index(Efforts, effort)
	if i < 0 {
		return 0
	}
	// Split, so that a huge limit can't overflow.
	return limit/100*shares[i] + limit%100*shares[i]/100
}

// Effort is the level whose budget is the largest that a budget covers, at least the least.
func Effort(budget, limit int64) string {
	level := Efforts[0]
	for _, effort := range Efforts {
		if budget >= Budget(effort, limit) {
			level = effort
		}
	}
	return level
}

// Nearest gives the level that is nearest to one, first downwards, then upwards, among supported; empty if none is.
func Nearest(effort string, supported []string) string {
	at := slices.Index(Efforts, effort)
	if at < 0 {
		return ""
	}
	for i := at; i >= 0; i-- {
		if slices.Contains(supported, Efforts[i]) {
			return Efforts[i]
		}
	}
	for i := at + 1; i < len(Efforts); i++ {
		if slices.Contains(supported, Efforts[i]) {
			return Efforts[i]
		}
	}
	return ""
}
