// Package candidates keeps candidate sets: a student's ranked candidates at an
// epoch, with a reserve beyond what was asked for. They are never stale, only
// repaired: what has changed since a set's epoch is scored, and whatever was
// never seen lies below the set's floor.
//
// A Cache keeps their encoded values, in process (Memory) or in Redis, by keys
// that everything that shapes the answer is part of. A cache may lose what it
// has at any time; what it gives is checked, and never trusted to be there.
package candidates
