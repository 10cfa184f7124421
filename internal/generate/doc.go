// Package generate invents districts, realistic in their skew, for trials and
// measurements. Nothing in them is real: no student, partner or place.
//
// A district is a function of its Options alone, the same on every machine:
// the random numbers are the package's own arithmetic on integers, each row
// has a sequence of its own (seeded by the seed, the kind of row and its
// number), and no result depends on map order or on rounding.
package generate
