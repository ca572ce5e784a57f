//go:build !windows

package store

func diskFull(error) bool { return false }
