//go:build !counted

package main

import "github.com/kindred-match/kindred/bench/result"

// work is only known where the ranker counts what it does.
func (p *pair) work(*comparison) []result.Work { return nil }
