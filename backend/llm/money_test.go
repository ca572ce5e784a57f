package llm

import "testing"

func TestCostOf(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "0.00123": 1_230_000_000, "1.2e-05": 12_000_000, "1E+2": 100_000_000_000_000, "0.0000000000005": 1,
		"0.00012345000000000002": 123_450_000, "3": 3_000_000_000_000, "1e-12": 1, "4e-13": 0, ".5": 500_000_000_000,
	} {
		if got, known := CostOf(text).Get(); !known || got != want {
			t.Errorf("%s: %d, %v; want %d", text, got, known, want)
		}
	}
	for _, text := range []string{"", "-1", "x", "1e9999", "99999999999999", "0x10", "1.2.3", "null", "{}", "1e--2", "+1"} {
		if got, known := CostOf(text).Get(); known {
			t.Errorf("%q gave %d", text, got)
		}
	}
}

func FuzzCostOf(f *testing.F) {
	f.Add("0.00123")
	f.Add("1.2e-05")
	f.Add("9e39")
	f.Fuzz(func(t *testing.T, text string) {
		if n, known := CostOf(text).Get(); n < 0 || !known && n != 0 {
			t.Errorf("%q gave %d", text, n)
		}
	})
}
