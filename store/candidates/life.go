package candidates

import (
	"cmp"
	"math/rand/v2"
	"time"
)

// How long the sets of a student, and those of a profile in line, are kept
// unless told otherwise.
const (
	defaultLife      = time.Hour
	defaultBriefLife = time.Minute
)

// lifeOf is about how long what is kept lives, an eighth more or less: not all
// that came at once goes at once. What was derived of a student must not stay for
// ever where nobody heard that it was erased.
func lifeOf(isBrief bool, life, brief time.Duration) time.Duration {
	d := cmp.Or(life, defaultLife)
	if isBrief {
		d = cmp.Or(brief, defaultBriefLife)
	}
	return d - d/8 + rand.N(d/4+1)
}
