// Package matcher scores student profiles against opportunities by weighted
// tag overlap, decides eligibility, ranks both ways and explains every score.
//
// It is pure: standard library only, no I/O, no clock, no randomness. What is
// random or timely (the as-of date, the seats that are left) is handed in.
//
// Scores are integers, called units, so that every machine and every
// algorithm gives the same bits; the decimal shown is derived from them.
package matcher
