package snapshot

import "testing"

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parse(pricesJSON); err != nil {
			b.Fatal(err)
		}
		if _, err := parse(modelsJSON); err != nil {
			b.Fatal(err)
		}
	}
}
