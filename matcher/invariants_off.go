//go:build !invariants

package matcher

// invariants turns assertions on; they cost nothing without it.
const invariants = false
