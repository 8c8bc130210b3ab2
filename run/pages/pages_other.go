//go:build !linux

package pages

// Large does nothing here.
func Large() {}

// Collapse does nothing here.
func Collapse() {}
